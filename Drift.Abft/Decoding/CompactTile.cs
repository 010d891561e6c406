using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Drift.Kernels;

namespace Drift.Abft;

/// <summary>
/// A tile of which only the lines that deviate are kept, few whatever its edge, so that a plane is looked at in a few vectors. Goes the way that <see cref="PlaneSearch"/> goes before it searches, step for step:
/// accumulators beyond their bound, planes of one odd row and one odd column, then planes in which a single matching costs no flip beyond the fewest. Where a plane leaves a choice it places nothing.
/// </summary>
internal sealed class CompactTile
{
    private const int Lines = 32, Lanes = 16, FewLines = 3;

    private readonly int[] _rowSums = new int[Lines], _columnSums = new int[Lines];
    private readonly byte[] _rows = new byte[Lines], _columns = new byte[Lines], _columnAt = new byte[Hypothesis.LargestTile];
    private readonly Placement[] _placements = new Placement[Hypothesis.LargestTile];
    private readonly byte[] _tried = new byte[FewLines], _kept = new byte[FewLines];
    private int _count;
    private int _rowNeed;
    private int _columnNeed;

    /// <summary>The flips of the last tile that went through.</summary>
    public Span<Placement> Placements => _placements.AsSpan(0, _count);

    private int Least => _count + Math.Max(_rowNeed, _columnNeed);

    /// <summary>Places all flips of a tile, where no plane leaves a choice.</summary>
    /// <param name="product">The product, with plain sums.</param>
    /// <param name="tile">Its tile.</param>
    /// <param name="rows">The rows that deviate.</param>
    /// <param name="columns">The columns that deviate.</param>
    /// <param name="tileRow">Tile counted from the top.</param>
    /// <param name="tileColumn">Tile counted from the left.</param>
    /// <returns>False where a choice is left, a line that deviates nowhere is asked for, or the tile has too many lines or flips.</returns>
    public bool TryPlace(in SuspectProduct product, in SuspectTile tile, ulong rows, ulong columns, int tileRow, int tileColumn)
    {
        if (product.Moments is not null || BitOperations.PopCount(rows) > Lines || BitOperations.PopCount(columns) > Lines)
            return false;
        Load(product.Deviations, tile, rows, columns, tileRow, tileColumn);
        return TryLocate(tile, rows, columns) && TryPlacePairs(tile) && (LowestPlane == 32 || TryFollow(tile));
    }

    private void Load(LineSums sums, in SuspectTile tile, ulong rows, ulong columns, int tileRow, int tileColumn)
    {
        (_count, _rowNeed, _columnNeed) = (0, 0, 0);
        var next = 0;
        for (; rows != 0; rows &= rows - 1, next++)
        {
            var row = BitOperations.TrailingZeroCount(rows);
            _rows[next] = (byte)row;
            _rowNeed += LineWeight.Of(_rowSums[next] = sums.Rows[(tile.FirstRow + row) * sums.TileColumns + tileColumn]);
        }

        _rowSums.AsSpan(next).Clear();
        var own = sums.Columns.Slice(tileRow * sums.N + tile.FirstColumn, tile.Width);
        for (next = 0; columns != 0; columns &= columns - 1, next++)
        {
            var column = BitOperations.TrailingZeroCount(columns);
            (_columns[next], _columnAt[column]) = ((byte)column, (byte)next);
            _columnNeed += LineWeight.Of(_columnSums[next] = own[column]);
        }

        _columnSums.AsSpan(next).Clear();
    }

    /// <summary>Flips beyond the bound of their operands, in the rows that deviate.</summary>
    private bool TryLocate(in SuspectTile tile, ulong rows, ulong columns)
    {
        for (var i = 0; rows != 0; rows &= rows - 1, i++)
        {
            var row = BitOperations.TrailingZeroCount(rows);
            for (var beyond = tile.BeyondBound(row); beyond != 0; beyond &= beyond - 1)
            {
                var column = BitOperations.TrailingZeroCount(beyond);
                var bit = tile.BitBeyondBound(row, column);
                if (bit < 0)
                    continue;
                if ((columns >> column & 1) == 0 || _count == Lines)
                    return false;
                Place(tile, i, _columnAt[column], bit);
            }
        }

        return true;
    }

    /// <summary>One odd row, one odd column: no choice. False where the position cannot be.</summary>
    private bool TryPlacePairs(in SuspectTile tile)
    {
        for (var plane = LowestPlane; plane < 32; plane = LowestPlane)
        {
            uint rows = Odd(_rowSums, plane), columns = Odd(_columnSums, plane);
            if (!BitOperations.IsPow2(rows) || !BitOperations.IsPow2(columns))
                return true;
            int row = BitOperations.TrailingZeroCount(rows), column = BitOperations.TrailingZeroCount(columns);
            if (_count == Lines || !IsPossible(tile, row, column, plane))
                return false;
            Place(tile, row, column, plane);
        }

        return true;
    }

    /// <summary>In each plane, the only matching that costs no flip beyond the fewest; false where there are more, or none.</summary>
    private bool TryFollow(in SuspectTile tile)
    {
        var least = Least;
        for (var plane = LowestPlane; plane < 32; plane = LowestPlane)
        {
            uint rows = Odd(_rowSums, plane), columns = Odd(_columnSums, plane);
            var count = BitOperations.PopCount(rows);
            if (count > FewLines || count != BitOperations.PopCount(columns) || _count + count > Lines || Match(tile, plane, least, rows, columns, 0) != 1)
                return false;
            for (var i = 0; i < count; i++, rows &= rows - 1)
                Place(tile, BitOperations.TrailingZeroCount(rows), _kept[i], plane);
        }

        return true;
    }

    private int Match(in SuspectTile tile, int plane, int least, uint rows, uint columns, int depth)
    {
        if (rows == 0)
        {
            _tried.CopyTo(_kept, 0);
            return 1;
        }

        var row = BitOperations.TrailingZeroCount(rows);
        var ways = 0;
        for (var left = columns; left != 0; left &= left - 1)
        {
            var column = BitOperations.TrailingZeroCount(left);
            if (!IsPossible(tile, row, column, plane))
                continue;
            Place(tile, row, column, plane);
            if (Least <= least)
            {
                _tried[depth] = (byte)column;
                ways += Match(tile, plane, least, rows & (rows - 1), columns & ~(1u << column), depth + 1);
            }

            TakeBack(tile, row, column);
        }

        return ways;
    }

    private bool IsPossible(in SuspectTile tile, int row, int column, int plane)
    {
        int i = _rows[row], j = _columns[column];
        if (MathF.Abs(tile[i, j] ^ (1 << plane)) > tile.Bound(i, j))
            return false;
        foreach (var placed in Placements)
        {
            if (placed.Row == i && placed.Column == j)
                return false;
        }

        return true;
    }

    private void Place(in SuspectTile tile, int row, int column, int bit)
    {
        _placements[_count++] = new Placement(_rows[row], _columns[column], (byte)bit, true);
        Shift(row, column, Change(tile, row, column, bit));
    }

    private void TakeBack(in SuspectTile tile, int row, int column) => Shift(row, column, -Change(tile, row, column, _placements[--_count].Bit));

    private int Change(in SuspectTile tile, int row, int column, int bit) => new Flip(_rows[row], _columns[column], bit).Delta(tile[_rows[row], _columns[column]]);

    private void Shift(int row, int column, int change)
    {
        ref var inRow = ref _rowSums[row];
        ref var inColumn = ref _columnSums[column];
        _rowNeed += LineWeight.Of(inRow - change) - LineWeight.Of(inRow);
        _columnNeed += LineWeight.Of(inColumn - change) - LineWeight.Of(inColumn);
        inRow -= change;
        inColumn -= change;
    }

    private int LowestPlane
    {
        get
        {
            var values = Vector512.Create(_rowSums) | Vector512.Create(_rowSums, Lanes) | Vector512.Create(_columnSums) | Vector512.Create(_columnSums, Lanes);
            var eight = values.GetLower() | values.GetUpper();
            var four = (eight.GetLower() | eight.GetUpper()).AsInt64();
            var two = four.GetElement(0) | four.GetElement(1);
            return BitOperations.TrailingZeroCount((int)two | (int)(two >> 32));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Odd(int[] sums, int plane)
    {
        var bit = Vector512.Create(1 << plane);
        return (uint)(Vector512.Equals(Vector512.Create(sums) & bit, bit).ExtractMostSignificantBits() | Vector512.Equals(Vector512.Create(sums, Lanes) & bit, bit).ExtractMostSignificantBits() << Lanes);
    }
}
