using System.Runtime.Intrinsics.X86;
using Iced.Intel;

namespace Drift.Kernels;

/// <summary>
/// All micro-kernels of one type, because .NET has no classes for AVX-512 VNNI and BF16. Each is assembled when it is first called, for a run needs a few of them. Owns their code.
/// Safe for use by several threads at once.
/// </summary>
internal sealed unsafe class GeneratedKernels : IDisposable
{
    private const int Line = 64;
    private readonly Lock _door = new();
    private readonly ExecutableMemory?[] _code = new ExecutableMemory?[MicroTile.Places];
    private readonly nint[] _entries = new nint[MicroTile.Places];
    private int _bytes;

    /// <summary>Assembles the tallest one, so that a host that forbids it says so now.</summary>
    /// <param name="type">What they multiply.</param>
    /// <exception cref="System.ComponentModel.Win32Exception">The host forbids executable memory.</exception>
    public GeneratedKernels(DotType type)
    {
        Type = type;
        Make(new MicroTile(type, MicroTile.MostRows, MicroTile.MostVectors, false, false));
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
    /// <param name="above">With sums: rows before the border of two tiles; 0 for none.</param>
    public void Run(TileCall* call, int rows, int vectors, bool sums, bool check, int above = 0) =>
        Run(call, new MicroTile(Type, rows, vectors, sums, check, sums ? above : 0));

    /// <summary>Runs one.</summary>
    /// <param name="call">The operands.</param>
    /// <param name="tile">Which, of this type.</param>
    public void Run(TileCall* call, MicroTile tile)
    {
        var entry = Volatile.Read(ref _entries[tile.Index]);
        if (entry == 0)
            entry = Make(tile);
        ((delegate* unmanaged[SuppressGCTransition]<TileCall*, void>)entry)(call);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var code in _code)
            code?.Dispose();
    }

    private nint Make(MicroTile tile)
    {
        lock (_door)
        {
            if (_code[tile.Index] is { } made)
                return made.Address;
            using var stream = new MemoryStream();
            (tile.Along ? AlongAssembler.Emit(tile) : tile.Paired ? PairAssembler.Emit(tile) : MicroAssembler.Emit(tile)).Assemble(new StreamCodeWriter(stream), rip: 0);
            // As if one came after the other: a product runs several of them in turn, and they share the instruction cache.
            var code = ExecutableMemory.Load(stream.ToArray(), _bytes % Environment.SystemPageSize);
            _bytes += ((int)stream.Length + Line - 1) / Line * Line;
            _code[tile.Index] = code;
            Volatile.Write(ref _entries[tile.Index], code.Address);
            return code.Address;
        }
    }
}
