using System.Numerics;

namespace Drift.Abft;

/// <summary>
/// The matchings of a plane's few odd rows with as many odd columns that cost no flip beyond the fewest. A cell is a bit of a word, row by row, four columns a row; so a matching is a word, and what several share is their AND.
/// </summary>
internal sealed class PlaneMatching
{
    /// <summary>The most odd lines of a side.</summary>
    public const int Lines = 4;

    /// <summary>Evidence so near to what is decisive may fall on the other side in a search, which adds it up in another order.</summary>
    private const float Rounding = 0.01f;

    private const int Permutations = 24;
    private readonly byte[] _rows = new byte[Lines], _columns = new byte[Lines];

    // By how much a line's need grows with a change of -2^b and of +2^b.
    private readonly int[] _rowGrowth = new int[2 * Lines], _columnGrowth = new int[2 * Lines];
    private readonly ushort[] _found = new ushort[Permutations];
    private int _lines;
    private int _ways;
    private int _possible;
    private int _added;

    /// <summary>The matching that was chosen, or the first of those that were joined.</summary>
    public ushort First { get; private set; }

    /// <summary>The cells of all that were joined.</summary>
    public ushort Any { get; private set; }

    /// <summary>The cells that all of them share.</summary>
    public ushort All { get; private set; }

    /// <summary>The row of a cell.</summary>
    public int Row(int cell) => _rows[cell / Lines];

    /// <summary>The column of a cell.</summary>
    public int Column(int cell) => _columns[cell % Lines];

    /// <summary>Takes a plane's odd lines, as many of either side, at most <see cref="Lines"/>.</summary>
    public void Begin(ulong rows, ulong columns)
    {
        for (_lines = 0; rows != 0; rows &= rows - 1, columns &= columns - 1)
            (_rows[_lines], _columns[_lines++]) = ((byte)BitOperations.TrailingZeroCount(rows), (byte)BitOperations.TrailingZeroCount(columns));
        (_possible, _added) = (0, 0);
    }

    /// <summary>The cells that there are.</summary>
    public int Cells => (int)(0x1111_1111u * ((1u << _lines) - 1) & (1u << Lines * _lines) - 1);

    /// <summary>Says that a cell may have a flip.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="isAdded">Whether that added 2^b to it.</param>
    public void Allow(int cell, bool isAdded)
    {
        _possible |= 1 << cell;
        _added |= isAdded ? 1 << cell : 0;
    }

    /// <summary>Chooses a matching, or joins those that are as good.</summary>
    /// <param name="tile">The accumulators.</param>
    /// <param name="lines">The deviations.</param>
    /// <param name="plane">The bit.</param>
    /// <param name="rowSpare">By how much the need of all rows may grow.</param>
    /// <param name="columnSpare">By how much the need of all columns may grow.</param>
    /// <returns>False where there is none, where those that there are leave different deviations, or where it is too close.</returns>
    public bool TryChoose(in SuspectTile tile, TileLines lines, int plane, int rowSpare, int columnSpare)
    {
        // The change of bit 31 is the same either way.
        if (plane == 31)
            _added = _possible;
        for (var i = 0; i < _lines; i++)
        {
            Grow(_rowGrowth, i, lines.Row(_rows[i]), 1 << plane);
            Grow(_columnGrowth, i, lines.Column(_columns[i]), 1 << plane);
        }

        _ways = 0;
        Descend(0, (1 << _lines) - 1, 0, rowSpare, columnSpare);
        if (_ways == 0)
            return false;
        First = Any = All = _found[0];
        return _ways == 1 || TryJoin(tile, plane);
    }

    private static void Grow(int[] growth, int line, int deviation, int mask)
    {
        var need = LineWeight.Of(deviation);
        (growth[2 * line], growth[2 * line + 1]) = (LineWeight.Of(deviation + mask) - need, LineWeight.Of(deviation - mask) - need);
    }

    private void Descend(int row, int open, int matching, int rowSpare, int columnSpare)
    {
        if (row == _lines)
        {
            if (rowSpare >= 0 && columnSpare >= 0)
                _found[_ways++] = (ushort)matching;
            return;
        }

        for (var left = open & _possible >> Lines * row; left != 0; left &= left - 1)
        {
            var column = BitOperations.TrailingZeroCount(left);
            var cell = Lines * row + column;
            var added = _added >> cell & 1;
            Descend(row + 1, open & ~(1 << column), matching | 1 << cell, rowSpare - _rowGrowth[2 * row + added], columnSpare - _columnGrowth[2 * column + added]);
        }
    }

    /// <summary>As the search joins them: in the order in which it meets them, unless the values speak clearly for one.</summary>
    private bool TryJoin(in SuspectTile tile, int plane)
    {
        var (rows, columns) = Left(First);
        var best = EvidenceOf(tile, First, plane);
        for (var way = 1; way < _ways; way++)
        {
            var other = _found[way];
            if (Left(other) != (rows, columns))
                return false;
            var evidence = EvidenceOf(tile, other, plane);
            var lead = evidence - best;
            if (MathF.Abs(MathF.Abs(lead) - PlaneSearch.Decisive) < Rounding)
                return false;
            if (MathF.Abs(lead) < PlaneSearch.Decisive)
                (Any, All, best) = ((ushort)(Any | other), (ushort)(All & other), Math.Max(best, evidence));
            else if (lead > 0)
                (First, Any, All, best) = (other, other, other, evidence);
        }

        return true;
    }

    /// <summary>What a matching leaves: which rows, and which columns, have 2^b taken away; the others have it added.</summary>
    private (int Rows, int Columns) Left(int matching)
    {
        var added = matching & _added;
        var rows = added | added >> 1;
        rows |= rows >> 2;
        var columns = added | added >> 4;
        columns |= columns >> 8;
        return (rows & 0x1111, columns & 0xF);
    }

    private float EvidenceOf(in SuspectTile tile, int matching, int plane)
    {
        float sum = 0;
        for (; matching != 0; matching &= matching - 1)
        {
            var cell = BitOperations.TrailingZeroCount(matching);
            int row = Row(cell), column = Column(cell), accumulator = tile[row, column];
            sum += Evidence.ForFlip(accumulator, accumulator ^ (1 << plane), tile.Bound(row, column), tile.Depth);
        }

        return sum;
    }
}
