using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Drift.Kernels;

namespace Drift.Abft;

/// <summary>
/// The tiles that need no search, which at rates of some flips a tile are nearly all: either every flip is alone on its row and on its column and no two have the same deviation, or no two are of the same bit. What it
/// places is what <see cref="PlaneSearch"/> would place, flip for flip; where it is not sure of that it places nothing.
/// </summary>
/// <remarks>
/// Alone: with n rows and n columns of one term each, an explanation of n flips has one on every such line, so each row goes with a column of the same deviation; where that is unique, the explanation is.
/// Different bits: the lowest plane of the deviations has one odd row and one odd column, and they cross at its flip; without it the next plane is the lowest. In either case every accumulator beyond its bound
/// must be among the flips, since the search would have started from it.
/// </remarks>
internal ref struct Peeling
{
    /// <summary>Most flips that it places.</summary>
    public const int Most = 32;

    private const int Lanes = 16;

    private readonly SuspectTile _tile;
    private readonly ReadOnlySpan<int> _rowSums;
    private readonly ReadOnlySpan<int> _columnSums;
    private readonly ReadOnlySpan<int> _rowMoments;
    private readonly ReadOnlySpan<int> _columnMoments;
    private readonly int _across;
    private readonly int _centre;
    private readonly Span<Flip> _placed;
    private int _count;

    /// <summary>Takes a tile.</summary>
    /// <param name="product">The product.</param>
    /// <param name="tile">Its tile.</param>
    /// <param name="tileRow">Tile counted from the top.</param>
    /// <param name="tileColumn">Tile counted from the left.</param>
    /// <param name="scratch">Room for <see cref="Most"/> flips.</param>
    public Peeling(in SuspectProduct product, in SuspectTile tile, int tileRow, int tileColumn, Span<Flip> scratch)
    {
        var sums = product.Deviations;
        _tile = tile;
        _placed = scratch;
        (_across, _centre) = (sums.TileColumns, LineMoments.Centre(sums.Tile));
        var (row, column) = (tile.FirstRow * _across + tileColumn, tileRow * sums.N + tile.FirstColumn);
        _rowSums = sums.Rows[row..];
        _columnSums = sums.Columns.Slice(column, tile.Width);
        if (product.Moments is not { } moments)
            return;
        _rowMoments = moments.Rows[row..];
        _columnMoments = moments.Columns.Slice(column, tile.Width);
    }

    /// <summary>Places the flips, where the tile is one of those.</summary>
    /// <param name="rows">Its deviating rows.</param>
    /// <param name="columns">Its deviating columns.</param>
    /// <returns>False where it is not, or may not be.</returns>
    public bool TryPlace(ulong rows, ulong columns) =>
        _tile.Width % Lanes == 0 && (TryPlaceLoners(rows, columns) || (_rowMoments.IsEmpty && _tile.Width <= 2 * Lanes && _tile.Height <= 2 * Lanes && TryPlacePlanes((uint)rows)));

    /// <summary>The flips, as a search would have them.</summary>
    /// <param name="placements">Room for <see cref="Most"/>.</param>
    public readonly Span<Placement> Placements(Span<Placement> placements)
    {
        for (var i = 0; i < _count; i++)
            placements[i] = new Placement((byte)_placed[i].Row, (byte)_placed[i].Column, (byte)_placed[i].Bit, true);
        return placements[.._count];
    }

    /// <summary>Every flip alone on both its lines.</summary>
    private bool TryPlaceLoners(ulong rows, ulong columns)
    {
        var count = BitOperations.PopCount(rows);
        if (count > Most || count != BitOperations.PopCount(columns))
            return false;
        _count = 0;
        // First the sums alone, with one verdict for all rows: none of them waits for another, and no accumulator is fetched for a tile that is none of this kind.
        var fits = true;
        for (var open = rows; open != 0; open &= open - 1)
        {
            var row = BitOperations.TrailingZeroCount(open);
            var deviation = _rowSums[row * _across];
            var partners = ColumnsOf(deviation);
            columns &= ~partners;
            fits &= BitOperations.IsPow2(partners);
            _placed[_count++] = new Flip(row, BitOperations.TrailingZeroCount(partners) & 63, BitOperations.TrailingZeroCount(deviation) & 31);
        }

        if (!fits || columns != 0)
            return false;
        foreach (var flip in _placed[.._count])
            fits &= Fits(flip, _rowSums[flip.Row * _across]) && (_tile.BeyondBound(flip.Row) & ~(1UL << flip.Column)) == 0;
        return fits;
    }

    /// <summary>Whether a single flip can be what a row and a column deviate by.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly bool Fits(Flip flip, int deviation) =>
        // A deviation that is no power of 2 is no flip's change.
        IsPossible(flip, out var change) & change == deviation && (_rowMoments.IsEmpty
            || (_rowMoments[flip.Row * _across] == deviation * (flip.Column - _centre) && _columnMoments[flip.Column] == deviation * (flip.Row - _centre)));

    /// <summary>At most one flip a bit.</summary>
    private bool TryPlacePlanes(uint rows)
    {
        Vector512<int> columnsLow = Vector512.Create(_columnSums), columnsHigh = _tile.Width > Lanes ? Vector512.Create(_columnSums[Lanes..]) : Vector512<int>.Zero;
        Span<int> sums = stackalloc int[2 * Lanes];
        sums.Clear();
        int beyond = 0, found = 0;
        for (var open = rows; open != 0; open &= open - 1)
        {
            var row = BitOperations.TrailingZeroCount(open);
            sums[row] = _rowSums[row * _across];
            beyond += BitOperations.PopCount(_tile.BeyondBound(row));
        }

        Vector512<int> rowsLow = Vector512.Create<int>(sums), rowsHigh = Vector512.Create<int>(sums[Lanes..]);
        for (_count = 0; ;)
        {
            var plane = LowestBit(rowsLow | rowsHigh | columnsLow | columnsHigh);
            if (plane == 32)
                return beyond == found;
            uint oddRows = Odd(rowsLow, rowsHigh, plane), oddColumns = Odd(columnsLow, columnsHigh, plane);
            if (!BitOperations.IsPow2(oddRows) || !BitOperations.IsPow2(oddColumns))
                return false;
            var flip = new Flip(BitOperations.TrailingZeroCount(oddRows), BitOperations.TrailingZeroCount(oddColumns), plane);
            if (!IsPossible(flip, out var change) || HasPlaced(flip))
                return false;
            found += _tile.IsBeyondBound(flip.Row, flip.Column) ? 1 : 0;
            _placed[_count++] = flip;
            (rowsLow, rowsHigh) = Subtract(rowsLow, rowsHigh, flip.Row, change);
            (columnsLow, columnsHigh) = Subtract(columnsLow, columnsHigh, flip.Column, change);
        }
    }

    /// <summary>Whether the value without a flip respects its bound, and by how much the flip changed it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly bool IsPossible(Flip flip, out int change)
    {
        var accumulator = _tile[flip.Row, flip.Column];
        change = flip.Delta(accumulator);
        return MathF.Abs(accumulator ^ flip.Mask) <= _tile.Bound(flip.Row, flip.Column);
    }

    private readonly bool HasPlaced(Flip flip)
    {
        for (var i = 0; i < _count; i++)
        {
            if (_placed[i].Row == flip.Row && _placed[i].Column == flip.Column)
                return true;
        }

        return false;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly ulong ColumnsOf(int deviation)
    {
        var wanted = Vector512.Create(deviation);
        ulong columns = 0;
        for (var j = 0; j < _columnSums.Length; j += Lanes)
            columns |= Vector512.Equals(Vector512.Create(_columnSums[j..]), wanted).ExtractMostSignificantBits() << j;
        return columns;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int LowestBit(Vector512<int> values)
    {
        var eight = values.GetLower() | values.GetUpper();
        var four = (eight.GetLower() | eight.GetUpper()).AsInt64();
        var two = four.GetElement(0) | four.GetElement(1);
        return BitOperations.TrailingZeroCount((int)two | (int)(two >> 32));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Odd(Vector512<int> low, Vector512<int> high, int plane)
    {
        var bit = Vector512.Create(1 << plane);
        return (uint)(Vector512.Equals(low & bit, bit).ExtractMostSignificantBits() | Vector512.Equals(high & bit, bit).ExtractMostSignificantBits() << Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<int> Low, Vector512<int> High) Subtract(Vector512<int> low, Vector512<int> high, int line, int change)
    {
        var (place, wanted, delta) = (Vector512<int>.Indices, Vector512.Create(line), Vector512.Create(change));
        return (low - (Vector512.Equals(place, wanted) & delta), high - (Vector512.Equals(place + Vector512.Create(Lanes), wanted) & delta));
    }
}
