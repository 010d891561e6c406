using System.Numerics;
using Drift.Kernels;

namespace Drift.Abft;

/// <summary>
/// Goes through a tile's planes from the lowest, without a search: accumulators beyond their bound, planes of one odd row and one odd column, then planes in which a single matching costs no flip beyond the fewest, or in which all
/// that do leave the same deviations. What it places is what <see cref="PlaneSearch"/> would place, flip for flip, where that does not give up; where a plane leaves another choice it places nothing.
/// </summary>
/// <remarks>
/// The search would have gone on from each plane with a single explanation: of those with the fewest flips there is one, and the others come later. So its first explanation that closes is this one.
/// </remarks>
internal sealed class PlaneWalk
{
    /// <summary>Room for flips, those of joined explanations included.</summary>
    private const int Most = 128;

    private readonly TileLines _lines = new();
    private readonly PlaneMatching _matching = new();
    private readonly Placement[] _placements = new Placement[Most];
    private int _count;
    private int _flips;
    private int _rowNeed;
    private int _columnNeed;
    private bool _counts;
    private ulong _occupiedRows;
    private ulong _occupiedColumns;

    /// <summary>The flips of the last tile that went through.</summary>
    public Span<Placement> Placements => _placements.AsSpan(0, _count);

    /// <summary>Places all flips of a tile, where no plane leaves a choice.</summary>
    /// <param name="product">The product, with plain sums.</param>
    /// <param name="tile">Its tile.</param>
    /// <param name="rows">The rows that deviate.</param>
    /// <param name="columns">The columns that deviate.</param>
    /// <param name="tileRow">Tile counted from the top.</param>
    /// <param name="tileColumn">Tile counted from the left.</param>
    /// <returns>False where a choice is left, a line that deviates nowhere is asked for, or a plane has too many odd lines.</returns>
    public bool TryPlace(in SuspectProduct product, in SuspectTile tile, ulong rows, ulong columns, int tileRow, int tileColumn)
    {
        if (product.Moments is not null)
            return false;
        _lines.Load(product.Deviations, tile, rows, columns, tileRow, tileColumn);
        (_count, _flips, _occupiedRows, _occupiedColumns) = (0, 0, 0, 0);
        if (!TryLocate(tile, rows, columns))
            return false;
        // Up to the first plane with a choice the search counts nothing either.
        _counts = false;
        var least = 0;
        for (var plane = _lines.LowestPlane; plane < 32; plane = _lines.LowestPlane)
        {
            ulong oddRows = _lines.OddRows(plane), oddColumns = _lines.OddColumns(plane);
            var isPair = BitOperations.IsPow2(oddRows) && BitOperations.IsPow2(oddColumns);
            if (isPair && !_counts)
            {
                if (!TryPlacePair(tile, oddRows, oddColumns, plane))
                    return false;
                continue;
            }

            if (!_counts)
            {
                (_rowNeed, _columnNeed) = _lines.Need;
                (_counts, least) = (true, Least);
            }

            if (!(isPair ? TryPlacePair(tile, oddRows, oddColumns, plane) && Least <= least : TryMatch(tile, oddRows, oddColumns, plane, least)))
                return false;
        }

        return true;
    }

    private int Least => _flips + Math.Max(_rowNeed, _columnNeed);

    /// <summary>Flips beyond the bound of their operands, in the rows that deviate.</summary>
    private bool TryLocate(in SuspectTile tile, ulong rows, ulong columns)
    {
        for (; rows != 0; rows &= rows - 1)
        {
            var row = BitOperations.TrailingZeroCount(rows);
            for (var beyond = tile.BeyondBound(row); beyond != 0; beyond &= beyond - 1)
            {
                var column = BitOperations.TrailingZeroCount(beyond);
                var bit = tile.BitBeyondBound(row, column);
                if (bit < 0)
                    continue;
                if ((columns >> column & 1) == 0 || _count == Most)
                    return false;
                Place(tile, row, column, bit);
            }
        }

        return true;
    }

    private bool TryPlacePair(in SuspectTile tile, ulong rows, ulong columns, int plane)
    {
        int row = BitOperations.TrailingZeroCount(rows), column = BitOperations.TrailingZeroCount(columns);
        if (_count == Most || !IsPossible(tile, row, column, plane))
            return false;
        Place(tile, row, column, plane);
        return true;
    }

    private bool TryMatch(in SuspectTile tile, ulong rows, ulong columns, int plane, int least)
    {
        var count = BitOperations.PopCount(rows);
        if (count > PlaneMatching.Lines || count != BitOperations.PopCount(columns) || _count + count * count > Most)
            return false;
        _matching.Begin(rows, columns);
        for (var cells = _matching.Cells; cells != 0; cells &= cells - 1)
        {
            var cell = BitOperations.TrailingZeroCount(cells);
            int row = _matching.Row(cell), column = _matching.Column(cell);
            if (IsPossible(tile, row, column, plane))
                _matching.Allow(cell, (tile[row, column] >> plane & 1) != 0);
        }

        var spare = least - _flips - count;
        if (!_matching.TryChoose(tile, _lines, plane, spare - _rowNeed, spare - _columnNeed))
            return false;
        // Those that were joined leave the same deviations: one is taken back from the lines.
        int first = _matching.First, all = _matching.All;
        for (var cells = first; cells != 0; cells &= cells - 1)
        {
            var cell = BitOperations.TrailingZeroCount(cells);
            Place(tile, _matching.Row(cell), _matching.Column(cell), plane, (all >> cell & 1) != 0);
        }

        for (var cells = _matching.Any & ~first; cells != 0; cells &= cells - 1)
        {
            var cell = BitOperations.TrailingZeroCount(cells);
            _placements[_count++] = new Placement((byte)_matching.Row(cell), (byte)_matching.Column(cell), (byte)plane, false);
        }

        return true;
    }

    /// <summary>Whether the value without the flip respects its bound, and the element has no other for certain.</summary>
    private bool IsPossible(in SuspectTile tile, int row, int column, int plane)
    {
        if (MathF.Abs(tile[row, column] ^ (1 << plane)) > tile.Bound(row, column))
            return false;
        if ((_occupiedRows >> row & _occupiedColumns >> column & 1) == 0)
            return true;
        foreach (var placed in Placements)
        {
            if (placed.Row == row && placed.Column == column && placed.Certain)
                return false;
        }

        return true;
    }

    private void Place(in SuspectTile tile, int row, int column, int bit, bool isCertain = true)
    {
        _placements[_count++] = new Placement((byte)row, (byte)column, (byte)bit, isCertain);
        _flips++;
        _occupiedRows |= 1UL << row;
        _occupiedColumns |= 1UL << column;
        var change = new Flip(row, column, bit).Delta(tile[row, column]);
        int inRow = _lines.Row(row), inColumn = _lines.Column(column);
        if (_counts)
        {
            _rowNeed += LineWeight.Of(inRow - change) - LineWeight.Of(inRow);
            _columnNeed += LineWeight.Of(inColumn - change) - LineWeight.Of(inColumn);
        }

        _lines.ShiftRow(row, change);
        _lines.ShiftColumn(column, change);
    }
}
