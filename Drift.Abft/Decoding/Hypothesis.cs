using System.Numerics;
using System.Runtime.Intrinsics;
using Drift.Kernels;

namespace Drift.Abft;

/// <summary>A flip that is thought to have happened.</summary>
/// <param name="Row">Row of the tile.</param>
/// <param name="Column">Column of the tile.</param>
/// <param name="Bit">The bit.</param>
/// <param name="Certain">False when another explanation, about as good, does without it.</param>
internal readonly record struct Placement(byte Row, byte Column, byte Bit, bool Certain)
{
    /// <summary>Whether another is the same flip.</summary>
    public bool IsOf(Placement other) => ((Row ^ other.Row) | (Column ^ other.Column) | (Bit ^ other.Bit)) == 0;
}

/// <summary>
/// Part of an explanation of a tile's deviations: flips placed so far, and the deviations that they leave. Lines are kept as rows, columns and, where moments were taken,
/// moments of rows and of columns, each padded with zeros to whole vectors.
/// </summary>
internal sealed class Hypothesis
{
    /// <summary>The largest tile that can be decoded: one bit a line in a 64-bit word.</summary>
    public const int LargestTile = 64;

    private const int Rows = 0, Columns = LargestTile, RowMoments = 2 * LargestTile, ColumnMoments = 3 * LargestTile;
    private readonly int[] _sums = new int[4 * LargestTile];
    private Placement[] _placements = new Placement[64];
    private int _count;
    private int _rowNeed;
    private int _columnNeed;
    private int _edge;
    private int _centre;
    private int _length;
    private bool _moments;

    /// <summary>All flips placed, uncertain ones included.</summary>
    public Span<Placement> Placements => _placements.AsSpan(0, _count);

    /// <summary>Flips of this explanation.</summary>
    public int Flips { get; private set; }

    /// <summary>The fewest flips of any explanation that goes on from here: rows and columns both have to close. Never falls as flips are placed.</summary>
    public int Least => Flips + Math.Max(_rowNeed, _columnNeed);

    /// <summary>A hash of the deviations that are left; equal deviations, equal hash.</summary>
    public ulong Hash { get; private set; }

    /// <summary>For the search: the number of flips that it is queued under, or was last.</summary>
    public int Rank { get; set; }

    /// <summary>By how much the values speak for the flips placed: the natural logarithm of a likelihood ratio.</summary>
    public float Evidence { get; set; }

    /// <summary>Takes the deviations of a tile, nothing placed.</summary>
    public void Load(in SuspectProduct product, int tileRow, int tileColumn, int height, int width)
    {
        var tile = product.Deviations.Tile;
        (_count, Flips, Evidence, Hash) = (0, 0, 0, 0);
        (_edge, _centre, _length) = ((tile + 15) & ~15, LineMoments.Centre(tile), tile);
        _moments = product.Moments is not null;
        _sums.AsSpan(0, _moments ? _sums.Length : RowMoments).Clear();
        Copy(product.Deviations, Rows);
        if (product.Moments is { } moments)
            Copy(moments, RowMoments);
        (_rowNeed, _columnNeed) = (0, 0);
        // Few lines deviate; the others need nothing.
        for (var rows = DeviatingRows; rows != 0; rows &= rows - 1)
            _rowNeed += Weight(Rows + BitOperations.TrailingZeroCount(rows));
        for (var columns = DeviatingColumns; columns != 0; columns &= columns - 1)
            _columnNeed += Weight(Columns + BitOperations.TrailingZeroCount(columns));

        void Copy(LineSums from, int target)
        {
            for (var i = 0; i < height; i++)
                _sums[target + i] = from.Rows[(tileRow * tile + i) * from.TileColumns + tileColumn];
            from.Columns.Slice(tileRow * from.N + tileColumn * tile, width).CopyTo(_sums.AsSpan(target + LargestTile));
        }
    }

    /// <summary>Takes another's state.</summary>
    public void CopyFrom(Hypothesis other)
    {
        other._sums.AsSpan(0, other._moments ? _sums.Length : RowMoments).CopyTo(_sums);
        if (_placements.Length < other._count)
            _placements = new Placement[other._placements.Length];
        other.Placements.CopyTo(_placements);
        (_count, _edge, _centre, _length, _moments) = (other._count, other._edge, other._centre, other._length, other._moments);
        (_rowNeed, _columnNeed) = (other._rowNeed, other._columnNeed);
        (Flips, Evidence, Hash) = (other.Flips, other.Evidence, other.Hash);
    }

    /// <summary>The lowest bit in which a deviation is left; 32 for none.</summary>
    public int LowestPlane
    {
        get
        {
            var any = Vector512<int>.Zero;
            for (var line = 0; line < _edge; line += Vector512<int>.Count)
                any |= Vector512.Create(_sums, Rows + line) | Vector512.Create(_sums, Columns + line);
            var eight = any.GetLower() | any.GetUpper();
            var four = (eight.GetLower() | eight.GetUpper()).AsInt64();
            var two = four.GetElement(0) | four.GetElement(1);
            return BitOperations.TrailingZeroCount((int)two | (int)(two >> 32));
        }
    }

    /// <summary>Whether moments were taken.</summary>
    public bool HasMoments => _moments;

    /// <summary>True when nothing at all is left to explain.</summary>
    public bool IsClosed => !_sums.AsSpan(0, _moments ? _sums.Length : RowMoments).ContainsAnyExcept(0);

    /// <summary>The rows whose deviation has a bit set.</summary>
    public ulong OddRows(int plane) => Odd(Rows, 1 << plane);

    /// <summary>The columns whose deviation has a bit set.</summary>
    public ulong OddColumns(int plane) => Odd(Columns, 1 << plane);

    /// <summary>The rows that deviate in any way.</summary>
    public ulong DeviatingRows => _moments ? Odd(Rows, -1) | Odd(RowMoments, -1) : Odd(Rows, -1);

    /// <summary>The columns that deviate in any way.</summary>
    public ulong DeviatingColumns => _moments ? Odd(Columns, -1) | Odd(ColumnMoments, -1) : Odd(Columns, -1);

    /// <summary>The fewest flips that the rows need still.</summary>
    public int RowNeed => _rowNeed;

    /// <summary>The fewest flips that the columns need still.</summary>
    public int ColumnNeed => _columnNeed;

    /// <summary><see cref="Least"/> with a flip more.</summary>
    /// <param name="row">Row of the tile.</param>
    /// <param name="column">Column of the tile.</param>
    /// <param name="change">What the flip changed the accumulator by.</param>
    public int LeastWith(int row, int column, int change)
    {
        int i = Rows + row, j = Columns + column;
        var inRow = _rowNeed - Weight(i) + WeightWithout(i, change, change * (column - _centre));
        var inColumn = _columnNeed - Weight(j) + WeightWithout(j, change, change * (row - _centre));
        return Flips + 1 + Math.Max(inRow, inColumn);
    }

    /// <summary>Places a flip.</summary>
    /// <param name="row">Row of the tile.</param>
    /// <param name="column">Column of the tile.</param>
    /// <param name="bit">The bit.</param>
    /// <param name="accumulator">The accumulator, flip included.</param>
    public void Place(int row, int column, int bit, int accumulator)
    {
        Shift(row, column, new Flip(row, column, bit).Delta(accumulator));
        Flips++;
        Append(new Placement((byte)row, (byte)column, (byte)bit, true));
    }

    /// <summary>Takes the last placement back.</summary>
    /// <param name="accumulator">As it was placed with.</param>
    public void TakeBack(int accumulator)
    {
        var last = _placements[--_count];
        Shift(last.Row, last.Column, -new Flip(last.Row, last.Column, last.Bit).Delta(accumulator));
        Flips--;
    }

    /// <summary>Whether an element certainly has its flip already: it has one at most.</summary>
    public bool HasPlaced(int row, int column)
    {
        foreach (var placed in Placements)
        {
            if (placed.Row == row && placed.Column == column && placed.Certain)
                return true;
        }

        return false;
    }

    /// <summary>Whether another leaves the very same deviations.</summary>
    public bool LeavesTheSameAs(Hypothesis other)
    {
        var length = _moments ? _sums.Length : RowMoments;
        return _sums.AsSpan(0, length).SequenceEqual(other._sums.AsSpan(0, length));
    }

    /// <summary>Joins another explanation that is about as good: what only one of the two places is no longer certain.</summary>
    public void Join(Hypothesis other)
    {
        var own = _count;
        for (var i = 0; i < own; i++)
        {
            if (_placements[i].Certain && other.IndexOf(_placements[i], other._count, i) < 0)
                _placements[i] = _placements[i] with { Certain = false };
        }

        for (var i = 0; i < other._count; i++)
        {
            var placed = other._placements[i];
            var at = IndexOf(placed, own, i);
            if (at < 0)
                Append(placed with { Certain = false });
            else if (!placed.Certain)
                _placements[at] = placed with { Certain = false };
        }

        Evidence = Math.Max(Evidence, other.Evidence);
    }

    /// <summary>Where a placement stands, certain or not. Explanations that are joined began as one, so most stand at the same place.</summary>
    private int IndexOf(Placement placement, int end, int likely)
    {
        if (likely < end && _placements[likely].IsOf(placement))
            return likely;
        for (var i = 0; i < end; i++)
        {
            if (_placements[i].IsOf(placement))
                return i;
        }

        return -1;
    }

    private void Append(Placement placement)
    {
        if (_count == _placements.Length)
            Array.Resize(ref _placements, 2 * _count);
        _placements[_count++] = placement;
    }

    private void Shift(int row, int column, int delta)
    {
        int i = Rows + row, j = Columns + column;
        _rowNeed -= Weight(i);
        _columnNeed -= Weight(j);
        Subtract(i, delta);
        Subtract(j, delta);
        if (_moments)
        {
            Subtract(RowMoments + row, delta * (column - _centre));
            Subtract(ColumnMoments + column, delta * (row - _centre));
        }

        _rowNeed += Weight(i);
        _columnNeed += Weight(j);
    }

    /// <summary>The hash is a sum of each line's deviation times an odd number of its own, so that it follows in one step.</summary>
    private void Subtract(int line, int delta)
    {
        _sums[line] -= delta;
        Hash -= (ulong)(long)delta * (((ulong)line + 1) * 0x9E3779B97F4A7C15 | 1);
    }

    private int Weight(int line) => _moments ? LineWeight.Of(_sums[line], _sums[line + RowMoments], _centre, _length) : LineWeight.Of(_sums[line]);

    private int WeightWithout(int line, int change, int moment) =>
        _moments ? LineWeight.Of(_sums[line] - change, _sums[line + RowMoments] - moment, _centre, _length) : LineWeight.Of(_sums[line] - change);

    private ulong Odd(int first, int mask)
    {
        ulong odd = 0;
        for (var line = 0; line < _edge; line += Vector512<int>.Count)
        {
            var bits = Vector512.Create(_sums, first + line) & Vector512.Create(mask);
            odd |= (~Vector512.Equals(bits, Vector512<int>.Zero)).ExtractMostSignificantBits() << line;
        }

        return odd;
    }
}
