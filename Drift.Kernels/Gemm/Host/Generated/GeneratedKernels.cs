using System.Runtime.Intrinsics.X86;
using Iced.Intel;

namespace Drift.Kernels;

/// <summary>All micro-kernels of one type, assembled when this is made, because .NET has no classes for AVX-512 VNNI and BF16. Owns their code.</summary>
internal sealed unsafe class GeneratedKernels : IDisposable
{
    private const int Alignment = 64;
    private const byte Trap = 0xCC;
    private readonly ExecutableMemory _code;
    private readonly nint[] _entries;

    /// <summary>Assembles them.</summary>
    /// <param name="type">What they multiply.</param>
    /// <exception cref="System.ComponentModel.Win32Exception">The host forbids executable memory.</exception>
    public GeneratedKernels(DotType type)
    {
        Type = type;
        using var stream = new MemoryStream();
        var tiles = MicroTile.Of(type).ToList();
        _entries = new nint[MicroTile.Places];
        foreach (var tile in tiles)
        {
            _entries[tile.Index] = (nint)stream.Position;
            MicroAssembler.Emit(tile).Assemble(new StreamCodeWriter(stream), rip: 0);
            while (stream.Position % Alignment != 0)
                stream.WriteByte(Trap);
        }

        _code = ExecutableMemory.Load(stream.ToArray());
        foreach (ref var entry in _entries.AsSpan())
            entry += _code.Address;
    }

    /// <summary>What they multiply.</summary>
    public DotType Type { get; }

    /// <summary>Null when this machine can run the micro-kernels of a type, else why not.</summary>
    public static string? Missing(DotType type)
    {
        if (!X86Base.IsSupported || !Avx512BW.VL.IsSupported || !Avx512DQ.IsSupported)
            return "needs an x86-64 CPU with AVX-512 BW, DQ and VL";
        if (type == DotType.Int8 && (X86Base.CpuId(7, 0).Ecx & 1 << 11) == 0)
            return "the CPU has no AVX-512 VNNI";
        if (type == DotType.Bfloat16 && (X86Base.CpuId(7, 1).Eax & 1 << 5) == 0)
            return "the CPU has no AVX-512 BF16";
        return OperatingSystem.IsLinux() || OperatingSystem.IsMacOS() ? null : "code is generated for the System V calling convention only";
    }

    /// <summary>Runs one. A call lasts microseconds, takes no lock and never calls back: the collector can wait for it, which saves the transition.</summary>
    /// <param name="call">The operands.</param>
    /// <param name="rows">Rows, 1..<see cref="MicroTile.MostRows"/>.</param>
    /// <param name="vectors">Vectors of columns, 1 or 2.</param>
    /// <param name="sums">Whether line sums are added to.</param>
    /// <param name="check">Whether the last rows are check rows.</param>
    public void Run(TileCall* call, int rows, int vectors, bool sums, bool check) =>
        ((delegate* unmanaged[SuppressGCTransition]<TileCall*, void>)_entries[new MicroTile(Type, rows, vectors, sums, check).Index])(call);

    /// <inheritdoc/>
    public void Dispose() => _code.Dispose();
}
