using System.Runtime.InteropServices;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Drift.Kernels;

/// <summary>
/// Writes micro-kernels of fp32 for a few columns, whose vectors would be half empty: two rows of A share a vector, the first one's products in the even lanes, the second one's in the odd ones. A pair's
/// groups take turns, so that one broadcast of 64 bits brings both rows'; the panel has each column twice. Each output is the same chain of fused multiply-adds as in <see cref="MicroAssembler"/>.
/// </summary>
/// <remarks>rbx call, r8..r11 bases of A (four pairs each), rsi distance of pairs, rdi three times that, rdx panel, rcx its stride, rax groups; from zmm0 accumulators, zmm28 the panel, zmm30..31 broadcasts in turn; k1 the columns that exist.</remarks>
internal sealed class PairAssembler
{
    private const int PairsOfBase = 4, PanelRegister = 28, BroadcastRegister = 30, PairBytes = 2 * MicroTile.GroupBytes, RowBits = 32;
    private readonly Assembler _e = new(64);
    private readonly MicroTile _tile;

    private PairAssembler(MicroTile tile) => _tile = tile;

    /// <summary>The instructions of a micro-kernel, position-independent.</summary>
    public static Assembler Emit(MicroTile tile)
    {
        var writer = new PairAssembler(tile);
        // Half vectors of the last registers are reached by EVEX only.
        writer._e.PreferVex = false;
        writer._e.push(rbx);
        writer._e.mov(rbx, rdi);
        writer.Start();
        writer.Multiply();
        writer.Store();
        writer._e.vzeroupper();
        writer._e.pop(rbx);
        writer._e.ret();
        return writer._e;
    }

    private int Pairs => (_tile.Rows + 1) / 2;

    private void Start()
    {
        var (zero, ready) = (_e.CreateLabel(), _e.CreateLabel());
        _e.kmovq(k1, Field(nameof(TileCall.Columns)));
        _e.mov(rax, Field(nameof(TileCall.Start)));
        _e.mov(r9, Field(nameof(TileCall.StartStride)));
        _e.test(rax, rax);
        _e.jz(zero);
        for (var row = 0; row < _tile.Rows; row++)
        {
            var half = row % 2 == 0 ? Zmm(row / 2) : Zmm(BroadcastRegister);
            _e.vpmovzxdq(half.k1.z, __ymmword_ptr[rax]);
            _e.add(rax, r9);
            if (row % 2 == 0)
                continue;
            _e.vpsllq(half, half, RowBits);
            _e.vporq(Zmm(row / 2), Zmm(row / 2), half);
        }

        _e.jmp(ready);
        _e.Label(ref zero);
        for (var pair = 0; pair < Pairs; pair++)
            _e.vpxord(Zmm(pair), Zmm(pair), Zmm(pair));
        _e.Label(ref ready);
    }

    private void Multiply()
    {
        AssemblerRegister64[] bases = [r8, r9, r10, r11];
        var used = bases.AsSpan(0, (Pairs + PairsOfBase - 1) / PairsOfBase);
        _e.mov(r8, Field(nameof(TileCall.A)));
        _e.mov(rsi, Field(nameof(TileCall.PairStride)));
        _e.lea(rdi, __[rsi + rsi * 2]);
        for (var b = 1; b < used.Length; b++)
            _e.lea(bases[b], __[bases[b - 1] + rsi * PairsOfBase]);
        _e.mov(rdx, Field(nameof(TileCall.Panel)));
        _e.mov(rcx, Field(nameof(TileCall.PanelStride)));
        _e.mov(rax, Field(nameof(TileCall.Groups)));
        var loop = _e.CreateLabel();
        _e.Label(ref loop);
        _e.vmovups(Zmm(PanelRegister), __[rdx]);
        for (var pair = 0; pair < Pairs; pair++)
        {
            var values = Zmm(BroadcastRegister + pair % 2);
            _e.vbroadcastsd(values, MicroAssembler.Group(bases[pair / PairsOfBase], pair % PairsOfBase, rsi, rdi));
            _e.vfmadd231ps(Zmm(pair), values, Zmm(PanelRegister));
        }

        foreach (var b in used)
            _e.add(b, PairBytes);
        _e.add(rdx, rcx);
        _e.dec(rax);
        _e.jnz(loop);
    }

    private void Store()
    {
        _e.mov(rax, Field(nameof(TileCall.C)));
        _e.mov(r9, Field(nameof(TileCall.CStride)));
        for (var row = 0; row < _tile.Rows; row++)
        {
            var half = new AssemblerRegisterYMM(Register.YMM0 + BroadcastRegister + row % 2);
            if (row % 2 == 1)
                _e.vpsrlq(Zmm(row / 2), Zmm(row / 2), RowBits);
            _e.vpmovqd(half, Zmm(row / 2));
            _e.vmovups(__ymmword_ptr[rax].k1, half);
            _e.add(rax, r9);
        }
    }

    private static AssemblerRegisterZMM Zmm(int index) => new(Register.ZMM0 + index);

    private static AssemblerMemoryOperand Field(string name) => __qword_ptr[rbx + (int)Marshal.OffsetOf<TileCall>(name)];
}
