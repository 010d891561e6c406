using System.Runtime.Intrinsics.X86;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Drift.Kernels;

/// <summary>
/// 14 x 32 accumulators in zmm registers around <c>vpdpbusd</c>, assembled at run time because .NET has no class for AVX-512 VNNI. The instruction multiplies unsigned by
/// signed bytes, so activations become unsigned by flipping their sign bit (x + 128) as they are broadcast, and each accumulator starts from
/// -128 x the sum of its column's weights.
/// </summary>
internal sealed unsafe class Avx512VnniKernel : Int8Kernel
{
    private const int MostRows = 14, Lanes = 16;
    private const uint SignBits = 0x80808080;
    private readonly ExecutableMemory _code;
    private readonly nint[] _entries = new nint[MostRows * 2];

    /// <summary>Assembles one function for every number of rows and both panel widths.</summary>
    /// <exception cref="System.ComponentModel.Win32Exception">The host forbids executable memory.</exception>
    public Avx512VnniKernel()
    {
        using var stream = new MemoryStream();
        var offsets = new int[_entries.Length];
        for (var rows = 1; rows <= MostRows; rows++)
        {
            for (var vectors = 1; vectors <= 2; vectors++)
            {
                offsets[Entry(rows, vectors)] = (int)stream.Position;
                Emit(rows, vectors).Assemble(new StreamCodeWriter(stream), rip: 0);
                while (stream.Position % 64 != 0)
                    stream.WriteByte(0xCC);
            }
        }

        _code = ExecutableMemory.Load(stream.ToArray());
        for (var i = 0; i < offsets.Length; i++)
            _entries[i] = _code.Address + offsets[i];
    }

    /// <inheritdoc/>
    public override string Name => "avx512-vnni";

    /// <inheritdoc/>
    public override int Rows => MostRows;

    /// <inheritdoc/>
    public override int Columns => 2 * Lanes;

    /// <inheritdoc/>
    public override int NarrowColumns => Lanes;

    /// <inheritdoc/>
    public override int Depth => 4;

    /// <summary>Null when this machine can run the kernel, else why not.</summary>
    public static string? Missing()
    {
        if (!X86Base.IsSupported || !Avx512BW.IsSupported)
            return "needs an x86-64 CPU with AVX-512 BW";
        if ((X86Base.CpuId(7, 0).Ecx & 1 << 11) == 0)
            return "the CPU has no AVX-512 VNNI";
        return OperatingSystem.IsLinux() || OperatingSystem.IsMacOS() ? null : "code is generated for the System V calling convention only";
    }

    /// <inheritdoc/>
    public override int PackGroup(ReadOnlySpan<sbyte> weights) => Quads.Of(weights);

    /// <inheritdoc/>
    public override int InitialValue(int weightSum) => unchecked(-128 * weightSum);

    /// <inheritdoc/>
    public override void Run(sbyte* a, nint aStride, int* panel, int columns, int groups, int* start, nint startStride, int* c, nint cStride, int rows)
    {
        // A call lasts microseconds, takes no lock and never calls back: the collector can wait for it, which saves the transition.
        var entry = (delegate* unmanaged[SuppressGCTransition]<sbyte*, nint, int*, int*, nint, nint, int*, nint, void>)_entries[Entry(rows, columns / Lanes)];
        entry(a, aStride, panel, c, cStride * sizeof(int), groups, start, startStride * sizeof(int));
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _code.Dispose();
        base.Dispose();
    }

    private static int Entry(int rows, int vectors) => (rows - 1) * 2 + vectors - 1;

    /// <summary>
    /// void f(rdi a, rsi a stride, rdx panel, rcx c, r8 c stride, r9 groups, [rsp + 8] start, [rsp + 16] start stride), strides in bytes.
    /// Registers: accumulators from zmm0, panel zmm28..29, broadcast zmm30, sign bits zmm31; rows of A by four base registers, four rows each.
    /// </summary>
    private static Assembler Emit(int rows, int vectors)
    {
        var e = new Assembler(64);
        AssemblerRegister64[] bases = [rdi, r10, rax, rbx];
        var loop = e.CreateLabel();
        e.push(rbx);

        e.mov(eax, SignBits);
        e.vpbroadcastd(zmm31, eax);
        e.mov(rax, __qword_ptr[rsp + 16]);
        e.mov(r11, __qword_ptr[rsp + 24]);
        for (var row = 0; row < rows; row++)
        {
            for (var v = 0; v < vectors; v++)
                e.vmovdqu32(Accumulator(row, v, vectors), __[rax + 64 * v]);
            e.add(rax, r11);
        }

        e.lea(r11, __[rsi + rsi * 2]);
        for (var b = 1; 4 * b < rows; b++)
            e.lea(bases[b], __[bases[b - 1] + rsi * 4]);

        e.Label(ref loop);
        for (var v = 0; v < vectors; v++)
            e.vmovdqu32(Panel(v), __[rdx + 64 * v]);
        for (var row = 0; row < rows; row++)
        {
            var b = bases[row / 4];
            var address = (row % 4) switch { 0 => __dword_bcst[b], 1 => __dword_bcst[b + rsi], 2 => __dword_bcst[b + rsi * 2], _ => __dword_bcst[b + r11] };
            e.vpxord(zmm30, zmm31, address);
            for (var v = 0; v < vectors; v++)
                e.vpdpbusd(Accumulator(row, v, vectors), zmm30, Panel(v));
        }

        for (var b = 0; 4 * b < rows; b++)
            e.add(bases[b], GroupBytes);
        e.add(rdx, 64 * vectors);
        e.dec(r9);
        e.jnz(loop);

        for (var row = 0; row < rows; row++)
        {
            for (var v = 0; v < vectors; v++)
                e.vmovdqu32(__[rcx + 64 * v], Accumulator(row, v, vectors));
            e.add(rcx, r8);
        }

        e.vzeroupper();
        e.pop(rbx);
        e.ret();
        return e;
    }

    private static AssemblerRegisterZMM Accumulator(int row, int vector, int vectors) => Zmm(row * vectors + vector);

    private static AssemblerRegisterZMM Panel(int vector) => Zmm(2 * MostRows + vector);

    private static AssemblerRegisterZMM Zmm(int index) => new(Register.ZMM0 + index);
}
