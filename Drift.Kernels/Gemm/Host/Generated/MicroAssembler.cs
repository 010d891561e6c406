using System.Runtime.InteropServices;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Drift.Kernels;

/// <summary>
/// Writes micro-kernels: void f(rdi: <see cref="TileCall"/>*) after the System V convention. Accumulators stay in registers from zmm0 while K runs; a group of the panel is
/// loaded once for all rows, a group of a row of A broadcast once for all vectors. Needs AVX-512 BW, DQ and VL, and the type's own extension.
/// </summary>
/// <remarks>
/// rbx call, r8, r9 bases of A's even rows (four each), r10, r11 of its odd ones, rsi the distance of every other row, rdi three times that, rbp bytes from group to group where rows may stand in pairs, r12 check rows of A, r13 their stride, rdx panel, rcx its stride, rax groups, r14 those up to the next
/// stretch, r15 what is asked for;
/// zmm28..29 panel, zmm30..31 broadcasts in turn; k1 and k2 the columns that exist, k3 the sums that do.
/// </remarks>
internal sealed class MicroAssembler
{
    private const byte UpperHalf = 0xEE;
    private const int VectorBytes = 64, RowsOfBase = 4, PanelRegister = 28, BroadcastRegister = 30;
    private readonly Assembler _e = new(64);
    private readonly MicroTile _tile;

    private MicroAssembler(MicroTile tile) => _tile = tile;

    /// <summary>The instructions of a micro-kernel, position-independent.</summary>
    public static Assembler Emit(MicroTile tile)
    {
        var writer = new MicroAssembler(tile);
        writer.Begin();
        writer.Start();
        writer.Multiply();
        writer.Store();
        if (tile.Sums)
            SumAssembler.Emit(writer._e, tile, Field);
        writer._e.vzeroupper();
        if (tile.Checked)
        {
            writer._e.pop(r13);
            writer._e.pop(r12);
        }

        writer._e.pop(r15);
        writer._e.pop(r14);
        writer._e.pop(rbx);
        if (writer.Pairs)
            writer._e.pop(rbp);
        writer._e.ret();
        return writer._e;
    }

    private void Begin()
    {
        if (Pairs)
            _e.push(rbp);
        _e.push(rbx);
        _e.push(r14);
        _e.push(r15);
        if (_tile.Checked)
        {
            _e.push(r12);
            _e.push(r13);
        }

        _e.mov(rbx, rdi);
        _e.mov(r8, Field(nameof(TileCall.A)));
        _e.mov(rsi, Field(nameof(TileCall.AStride)));
        _e.lea(r10, __[r8 + rsi]);
        _e.add(rsi, rsi);
        if (Pairs)
            BeginPairs();
        if (_tile.Checked)
        {
            _e.mov(r12, Field(nameof(TileCall.CheckA)));
            _e.mov(r13, Field(nameof(TileCall.CheckAStride)));
        }

        _e.mov(rdx, Field(nameof(TileCall.Panel)));
        _e.mov(rcx, Field(nameof(TileCall.PanelStride)));
        _e.lea(rdi, __[rsi + rsi * 2]);
        _e.kmovq(k1, Field(nameof(TileCall.Columns)));
        _e.kshiftrq(k2, k1, MicroTile.Lanes);
    }

    /// <summary>fp32 rows may stand in pairs.</summary>
    private bool Pairs => _tile.Type == DotType.Float;

    private void BeginPairs()
    {
        var apart = _e.CreateLabel();
        _e.mov(ebp, MicroTile.GroupBytes);
        _e.mov(rax, Field(nameof(TileCall.PairStride)));
        _e.test(rax, rax);
        _e.jz(apart);
        _e.mov(rsi, rax);
        _e.add(ebp, ebp);
        _e.Label(ref apart);
    }

    private void Start()
    {
        var (zero, fetch, ready) = (_e.CreateLabel(), _e.CreateLabel(), _e.CreateLabel());
        _e.mov(rax, Field(nameof(TileCall.Start)));
        _e.test(rax, rax);
        _e.jz(zero);
        _e.mov(r9, Field(nameof(TileCall.StartStride)));
        EachRow(nameof(TileCall.Checks), r9, () => { }, (row, v) => _e.vmovups(Existing(Accumulator(row, v), v).z, __[rax + VectorBytes * v]));
        _e.test(r9, r9);
        _e.jz(fetch);
        _e.jmp(ready);
        _e.Label(ref zero);
        for (var row = 0; row < _tile.Rows; row++)
        {
            for (var v = 0; v < _tile.Vectors; v++)
                _e.vpxord(Accumulator(row, v), Accumulator(row, v), Accumulator(row, v));
        }

        // C is somewhere else: its lines are asked for now, so that the stores at the end find them.
        _e.Label(ref fetch);
        if (Joins)
        {
            var joined = _e.CreateLabel();
            _e.mov(rax, Field(nameof(TileCall.Joined)));
            _e.mov(r9, Field(nameof(TileCall.JoinedStride)));
            _e.test(rax, rax);
            _e.jnz(joined);
            FetchAt(nameof(TileCall.C), nameof(TileCall.CStride));
            _e.Label(ref joined);
        }
        else
        {
            FetchAt(nameof(TileCall.C), nameof(TileCall.CStride));
        }

        for (var row = 0; row < _tile.Rows - _tile.CheckRows; row++)
        {
            for (var v = 0; v < _tile.Vectors; v++)
                _e.prefetchw(__byte_ptr[rax + VectorBytes * v]);
            _e.add(rax, r9);
        }

        _e.Label(ref ready);
        if (_tile is { Type: DotType.Int8, Sums: true })
            FetchSums();
        if (_tile is { Type: DotType.Float, Checked: true })
            FetchChecks();
    }

    /// <summary>The sums' lines too.</summary>
    private void FetchSums()
    {
        _e.mov(rax, Field(nameof(TileCall.RowSums)));
        _e.prefetchw(__byte_ptr[rax]);
        foreach (var sums in _tile.Checked ? (string[])[nameof(TileCall.ColumnSums), nameof(TileCall.Joined)] : [nameof(TileCall.ColumnSums)])
        {
            _e.mov(rax, Field(sums));
            for (var v = 0; v < _tile.Vectors; v++)
                _e.prefetchw(__byte_ptr[rax + VectorBytes * v]);
        }
    }

    /// <summary>The next panel's part of the check row: this one's is read at once where K is in pieces.</summary>
    private void FetchChecks()
    {
        _e.mov(rax, Field(nameof(TileCall.Checks)));
        for (var v = 0; v < _tile.Vectors; v++)
            _e.prefetchw(__byte_ptr[rax + VectorBytes * (MicroTile.MostVectors + v)]);
    }

    private void FetchAt(string first, string stride)
    {
        _e.mov(rax, Field(first));
        _e.mov(r9, Field(stride));
    }

    /// <summary>Whether its rows may be digits' products, to be put together.</summary>
    private bool Joins => _tile is { Type: DotType.Int8, Sums: false, Checked: false };

    /// <summary>Walks rax over the rows of an operand; check rows are elsewhere, unless all rows are one.</summary>
    private void EachRow(string checks, AssemblerRegister64 stride, Action atChecks, Action<int, int> each)
    {
        for (var row = 0; row < _tile.Rows; row++)
        {
            if (_tile.CheckRows > 0 && row == _tile.Rows - _tile.CheckRows)
            {
                atChecks();
                var same = _e.CreateLabel();
                _e.test(stride, stride);
                _e.jz(same);
                _e.mov(rax, Field(checks));
                _e.mov(stride, Field(nameof(TileCall.ChecksStride)));
                _e.Label(ref same);
            }

            for (var v = 0; v < _tile.Vectors; v++)
                each(row, v);
            _e.add(rax, stride);
        }
    }

    private void Multiply()
    {
        var own = _tile.Rows - _tile.CheckRows;
        AssemblerRegister64[] used = [.. own > 1 ? (AssemblerRegister64[])[r8, r10] : [r8], .. own > 2 * RowsOfBase ? (AssemblerRegister64[])[r9] : [], .. own > 2 * RowsOfBase + 1 ? (AssemblerRegister64[])[r11] : []];
        if (own > 2 * RowsOfBase)
            _e.lea(r9, __[r8 + rsi * RowsOfBase]);
        if (own > 2 * RowsOfBase + 1)
            _e.lea(r11, __[r10 + rsi * RowsOfBase]);
        _e.mov(rax, Field(nameof(TileCall.Groups)));
        var (stretch, loop) = (_e.CreateLabel(), _e.CreateLabel());
        _e.Label(ref stretch);
        Ahead();
        _e.sub(rax, r14);
        _e.Label(ref loop);
        for (var v = 0; v < _tile.Vectors; v++)
            _e.vmovups(Zmm(PanelRegister + v), __[rdx + VectorBytes * v]);
        for (var row = 0; row < _tile.Rows; row++)
        {
            var value = Zmm(BroadcastRegister + row % 2);
            _e.vbroadcastss(value, row < own ? Group(Base(row), row / 2 % RowsOfBase, rsi, rdi) : row == own ? __[r12] : __[r12 + r13]);
            for (var v = 0; v < _tile.Vectors; v++)
                Dot(_e, _tile.Type, Accumulator(row, v), value, Zmm(PanelRegister + v));
        }

        foreach (var b in used)
        {
            if (Pairs)
                _e.add(b, rbp);
            else
                _e.add(b, MicroTile.GroupBytes);
        }

        if (_tile.Checked)
            _e.add(r12, MicroTile.GroupBytes);
        _e.add(rdx, rcx);
        _e.dec(r14);
        _e.jnz(loop);
        _e.test(rax, rax);
        _e.jnz(stretch);
    }

    /// <summary>The base of every other row of eight.</summary>
    private static AssemblerRegister64 Base(int row) => row / (2 * RowsOfBase) == 0 ? row % 2 == 0 ? r8 : r10 : row % 2 == 0 ? r9 : r11;

    /// <summary>
    /// The groups up to where something is asked for again, and a little of the next panel and of its C: little by little, for lines from main memory that are asked for all at once keep A waiting
    /// behind them.
    /// </summary>
    private void Ahead()
    {
        var (here, known) = (_e.CreateLabel(), _e.CreateLabel());
        _e.mov(r14, Field(nameof(TileCall.Stretch)));
        _e.test(r14, r14);
        _e.jz(here);
        FetchAhead(nameof(TileCall.PanelAhead), nameof(TileCall.PanelAheadLast), () => _e.add(r15, TileCall.AheadBytes));
        FetchAhead(nameof(TileCall.ProductAhead), nameof(TileCall.ProductAheadLast), () => _e.add(r15, Field(nameof(TileCall.CStride))));
        _e.cmp(r14, rax);
        _e.jbe(known);
        _e.Label(ref here);
        _e.mov(r14, rax);
        _e.Label(ref known);
    }

    private void FetchAhead(string at, string last, Action goOn)
    {
        var there = _e.CreateLabel();
        _e.mov(r15, Field(at));
        for (var line = 0; line < TileCall.AheadBytes; line += VectorBytes)
            _e.prefetcht1(__byte_ptr[r15 + line]);
        _e.cmp(r15, Field(last));
        _e.jae(there);
        goOn();
        _e.mov(Field(at), r15);
        _e.Label(ref there);
    }

    /// <summary>A row's place from the base of four rows.</summary>
    /// <param name="four">The base.</param>
    /// <param name="row">Which of the four.</param>
    /// <param name="stride">Has the distance of rows.</param>
    /// <param name="thrice">Has three times that.</param>
    internal static AssemblerMemoryOperand Group(AssemblerRegister64 four, int row, AssemblerRegister64 stride, AssemblerRegister64 thrice) =>
        row switch { 0 => __[four], 1 => __[four + stride], 2 => __[four + stride * 2], _ => __[four + thrice] };

    /// <summary>A type's instruction: sum += a x panel, lane by lane.</summary>
    internal static void Dot(Assembler assembler, DotType type, AssemblerRegisterZMM sum, AssemblerRegisterZMM a, AssemblerRegisterZMM panel)
    {
        switch (type)
        {
            case DotType.Int8:
                assembler.vpdpbusd(sum, a, panel);
                break;
            case DotType.Float:
                assembler.vfmadd231ps(sum, a, panel);
                break;
            default:
                assembler.vdpbf16ps(sum, a, panel);
                break;
        }
    }

    private void Store()
    {
        var (plain, stored) = (_e.CreateLabel(), _e.CreateLabel());
        if (_tile.Type != DotType.Int8)
        {
            _e.mov(rdx, Field(nameof(TileCall.Bias)));
            _e.test(rdx, rdx);
            _e.jz(plain);
            for (var v = 0; v < _tile.Vectors; v++)
                _e.vmovups(Existing(Zmm(PanelRegister + v), v).z, __[rdx + VectorBytes * v]);
            Store(biased: true, stored);
            _e.jmp(stored);
        }

        if (Joins)
        {
            _e.mov(rax, Field(nameof(TileCall.Joined)));
            _e.test(rax, rax);
            _e.jz(plain);
            JoinRows();
            _e.jmp(stored);
        }

        _e.Label(ref plain);
        Store(biased: false, stored);
        _e.Label(ref stored);
    }

    /// <summary>Each row's digits: the high ones' products in the first half of the panel's columns, the low ones' in the second.</summary>
    private void JoinRows()
    {
        _e.kmovq(k3, Field(nameof(TileCall.JoinedColumns)));
        _e.mov(rdx, Field(nameof(TileCall.JoinedStride)));
        for (var row = 0; row < _tile.Rows; row++)
        {
            var high = Zmm(PanelRegister + row % 2);
            var low = _tile.Vectors == 1 ? Zmm(BroadcastRegister + row % 2) : Accumulator(row, 1);
            if (_tile.Vectors == 1)
                _e.vshufi64x2(low, Accumulator(row, 0), Accumulator(row, 0), UpperHalf);
            Join(high, Accumulator(row, 0), low);
            _e.vmovdqu32(__zmmword_ptr[rax].k3, high);
            _e.add(rax, rdx);
        }
    }

    private void Join(AssemblerRegisterZMM target, AssemblerRegisterZMM high, AssemblerRegisterZMM low)
    {
        _e.vpslld(target, high, Digits.Bits);
        _e.vpaddd(target, target, low);
    }

    /// <summary>Where check rows are digits, goes on behind them with their sums stored; else with their rows.</summary>
    private void JoinChecks(Label stored)
    {
        var apart = _e.CreateLabel();
        _e.mov(r9, Field(nameof(TileCall.Joined)));
        _e.test(r9, r9);
        _e.jz(apart);
        for (var v = 0; v < _tile.Vectors; v++)
        {
            Join(Zmm(PanelRegister + v), Accumulator(_tile.Rows - 2, v), Accumulator(_tile.Rows - 1, v));
            _e.vmovdqu32(v == 0 ? __zmmword_ptr[r9].k1 : __zmmword_ptr[r9 + VectorBytes].k2, Zmm(PanelRegister + v));
        }

        _e.jmp(stored);
        _e.Label(ref apart);
    }

    /// <summary>The accumulators stay what they are: sums are taken of them afterwards, without the bias.</summary>
    private void Store(bool biased, Label stored)
    {
        _e.mov(rax, Field(nameof(TileCall.C)));
        _e.mov(rdx, Field(nameof(TileCall.CStride)));
        EachRow(nameof(TileCall.Checks), rdx, atChecks: _tile.Type == DotType.Int8 ? () => JoinChecks(stored) : () => { }, each: (row, v) =>
        {
            var value = Accumulator(row, v);
            if (biased && row < _tile.Rows - _tile.CheckRows)
            {
                value = Zmm(BroadcastRegister + v);
                _e.vaddps(value, Accumulator(row, v), Zmm(PanelRegister + v));
            }

            _e.vmovups(v == 0 ? __zmmword_ptr[rax].k1 : __zmmword_ptr[rax + VectorBytes].k2, value);
        });
    }

    private AssemblerRegisterZMM Accumulator(int row, int vector) => Zmm(row * _tile.Vectors + vector);

    private static AssemblerRegisterZMM Existing(AssemblerRegisterZMM register, int vector) => vector == 0 ? register.k1 : register.k2;

    private static AssemblerRegisterZMM Zmm(int index) => new(Register.ZMM0 + index);

    private static AssemblerMemoryOperand Field(string name) => __qword_ptr[rbx + (int)Marshal.OffsetOf<TileCall>(name)];
}
