using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Drift.Kernels;

/// <summary>
/// Writes the end of a micro-kernel with sums: the accumulators, stored by now, are added to line sums in their registers. Columns: rows one after the other. Rows of floats: vectors one after
/// the other, lane by lane, then folded as <see cref="RowLanes"/> has it. So the bits of floats do not depend on how a product is cut into tiles. Rows of integers, whose order is free: all folded
/// at once into one vector.
/// </summary>
internal sealed class SumAssembler
{
    private const int VectorBytes = 64, FirstFree = 28, RowsOfFold = 4;
    private readonly Assembler _e;
    private readonly MicroTile _tile;
    private readonly Func<string, AssemblerMemoryOperand> _field;
    private readonly int _rows;

    private SumAssembler(Assembler assembler, MicroTile tile, Func<string, AssemblerMemoryOperand> field) =>
        (_e, _tile, _field, _rows) = (assembler, tile, field, tile.Rows - tile.CheckRows);

    /// <summary>Writes it.</summary>
    /// <param name="assembler">Where to.</param>
    /// <param name="tile">The micro-kernel.</param>
    /// <param name="field">The operand that is a field of the call.</param>
    public static void Emit(Assembler assembler, MicroTile tile, Func<string, AssemblerMemoryOperand> field)
    {
        var writer = new SumAssembler(assembler, tile, field);
        // The free registers are the last ones, which only EVEX reaches.
        assembler.PreferVex = false;
        writer.SumColumns();
        if (writer.Integers)
            writer.FoldIntegers();
        else
            writer.SumRows();
    }

    /// <summary>All rows' lanes, weighted where columns have weights, into one vector, of which those that exist are added to the rows' sums.</summary>
    private void FoldIntegers()
    {
        var (weighted, summed, begin) = (_e.CreateLabel(), _e.CreateLabel(), _e.CreateLabel());
        _e.mov(rax, _field(nameof(TileCall.RowWeights)));
        _e.test(rax, rax);
        _e.jnz(weighted);
        for (var row = 0; row < _rows; row++)
            AddVectors(row, () => { });
        _e.jmp(summed);
        _e.Label(ref weighted);
        WeighRows();
        _e.Label(ref summed);
        IntegerFold.Emit(_e, _rows, Lanes, Zmm(FirstFree));
        _e.mov(rdx, _field(nameof(TileCall.RowSums)));
        _e.mov(eax, (1 << _rows) - 1);
        _e.kmovw(k3, eax);
        _e.cmp(_field(nameof(TileCall.RowsBegun)), 0);
        _e.je(begin);
        _e.vpaddd(Lanes(0).k3.z, Lanes(0), __zmmword_ptr[rdx]);
        _e.Label(ref begin);
        _e.vmovdqu32(__zmmword_ptr[rdx].k3, Lanes(0));
    }

    /// <summary>Odd weights grow by 32 from one vector to the next: both are added first, so that a row takes one multiplication.</summary>
    private void WeighRows()
    {
        const byte Growth = 5;
        _e.vmovups(Zmm(FirstFree), __zmmword_ptr[rax]);
        for (var row = 0; row < _rows; row++)
        {
            AddVectors(row, () => { });
            _e.vpmulld(Lanes(row), Lanes(row), Zmm(FirstFree));
            if (_tile.Vectors == 1)
                continue;
            _e.vpslld(Accumulator(row, 1), Accumulator(row, 1), Growth);
            Add(Lanes(row), Lanes(row), Accumulator(row, 1));
        }
    }

    private bool Integers => _tile.Type == DotType.Int8;

    private void SumColumns()
    {
        var begin = _e.CreateLabel();
        EmptyColumns();
        _e.mov(rax, _field(nameof(TileCall.ColumnSums)));
        _e.cmp(_field(nameof(TileCall.ColumnsBegun)), 0);
        _e.je(begin);
        for (var v = 0; v < _tile.Vectors; v++)
            _e.vmovups(v == 0 ? Zmm(FirstFree).k1.z : Zmm(FirstFree + v).k2.z, __[rax + VectorBytes * v]);
        _e.Label(ref begin);
        AddColumns(0, _tile.Above > 0 ? _tile.Above : _rows);
        if (_tile.Above == 0)
            return;
        _e.add(rax, _field(nameof(TileCall.ColumnSumStride)));
        EmptyColumns();
        AddColumns(_tile.Above, _rows);
    }

    private void EmptyColumns()
    {
        for (var v = 0; v < _tile.Vectors; v++)
            _e.vpxord(Zmm(FirstFree + v), Zmm(FirstFree + v), Zmm(FirstFree + v));
    }

    private void AddColumns(int first, int end)
    {
        for (var row = first; row < end; row++)
        {
            for (var v = 0; v < _tile.Vectors; v++)
                Add(Zmm(FirstFree + v), Zmm(FirstFree + v), Accumulator(row, v));
        }

        for (var v = 0; v < _tile.Vectors; v++)
            _e.vmovups(v == 0 ? __zmmword_ptr[rax].k1 : __zmmword_ptr[rax + VectorBytes].k2, Zmm(FirstFree + v));
    }

    /// <summary>From here on a row's first accumulator is its lanes.</summary>
    private void SumRows()
    {
        var (begin, begun, keep, done) = (_e.CreateLabel(), _e.CreateLabel(), _e.CreateLabel(), _e.CreateLabel());
        _e.mov(rax, _field(nameof(TileCall.RowLanes)));
        _e.test(rax, rax);
        _e.jz(done);
        _e.cmp(_field(nameof(TileCall.RowsBegun)), 0);
        _e.je(begin);
        for (var row = 0; row < _rows; row++)
            AddVectors(row, () => Add(Lanes(row), Lanes(row), __zmmword_ptr[rax + VectorBytes * row]));
        _e.jmp(begun);
        _e.Label(ref begin);
        _e.vpxord(Zmm(FirstFree), Zmm(FirstFree), Zmm(FirstFree));
        for (var row = 0; row < _rows; row++)
            // An empty sum is 0, and 0 + -0 is 0.
            AddVectors(row, () => _e.vaddps(Lanes(row), Lanes(row), Zmm(FirstFree)));
        _e.Label(ref begun);
        _e.mov(rdx, _field(nameof(TileCall.RowSums)));
        _e.test(rdx, rdx);
        _e.jz(keep);
        _e.mov(rsi, _field(nameof(TileCall.RowSumStride)));
        _e.lea(rdi, __[rsi + rsi * 2]);
        for (var row = 0; row < _rows; row += RowsOfFold)
            Fold(row, Math.Min(RowsOfFold, _rows - row));
        _e.jmp(done);
        _e.Label(ref keep);
        for (var row = 0; row < _rows; row++)
            _e.vmovups(__[rax + VectorBytes * row], Lanes(row));
        _e.Label(ref done);
    }

    private void AddVectors(int row, Action addFirst)
    {
        addFirst();
        for (var v = 1; v < _tile.Vectors; v++)
            Add(Lanes(row), Lanes(row), Accumulator(row, v));
    }

    /// <summary>The lanes of up to four rows side by side; missing rows repeat the first, and are not stored.</summary>
    private void Fold(int row, int count)
    {
        const int AB = FirstFree, CD = FirstFree + 2, Other = FirstFree + 1, Last = FirstFree + 3;
        AssemblerRegisterZMM Of(int i) => Lanes(row + (i < count ? i : 0));
        _e.vunpcklps(Zmm(AB), Of(0), Of(1));
        _e.vunpckhps(Zmm(Other), Of(0), Of(1));
        Add(Zmm(AB), Zmm(AB), Zmm(Other));
        _e.vunpcklps(Zmm(CD), Of(2), Of(3));
        _e.vunpckhps(Zmm(Other), Of(2), Of(3));
        Add(Zmm(CD), Zmm(CD), Zmm(Other));
        _e.vunpcklpd(Zmm(Last), Zmm(AB), Zmm(CD));
        _e.vunpckhpd(Zmm(Other), Zmm(AB), Zmm(CD));
        Add(Zmm(AB), Zmm(Last), Zmm(Other));
        var (low, high) = (new AssemblerRegisterYMM(Register.YMM0 + AB), new AssemblerRegisterYMM(Register.YMM0 + CD));
        var (quarter, other) = (new AssemblerRegisterXMM(Register.XMM0 + AB), new AssemblerRegisterXMM(Register.XMM0 + CD));
        _e.vextractf64x4(high, Zmm(AB), 1);
        _e.vaddps(low, low, high);
        _e.vextractf32x4(other, low, 1);
        _e.vaddps(quarter, quarter, other);
        for (var i = 0; i < count; i++)
            _e.vpextrd(i switch { 0 => __dword_ptr[rdx], 1 => __dword_ptr[rdx + rsi], 2 => __dword_ptr[rdx + rsi * 2], _ => __dword_ptr[rdx + rdi] }, quarter, (byte)i);
        _e.lea(rdx, __[rdx + rsi * RowsOfFold]);
    }

    private void Add(AssemblerRegisterZMM target, AssemblerRegisterZMM a, AssemblerRegisterZMM b)
    {
        if (Integers)
            _e.vpaddd(target, a, b);
        else
            _e.vaddps(target, a, b);
    }

    private void Add(AssemblerRegisterZMM target, AssemblerRegisterZMM a, AssemblerMemoryOperand b)
    {
        if (Integers)
            _e.vpaddd(target, a, b);
        else
            _e.vaddps(target, a, b);
    }

    private AssemblerRegisterZMM Lanes(int row) => Accumulator(row, 0);

    private AssemblerRegisterZMM Accumulator(int row, int vector) => Zmm(row * _tile.Vectors + vector);

    private static AssemblerRegisterZMM Zmm(int index) => new(Register.ZMM0 + index);
}
