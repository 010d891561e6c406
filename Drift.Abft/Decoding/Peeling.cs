using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Drift.Kernels;

namespace Drift.Abft;

/// <summary>
/// The tiles in which every flip is alone on its row and on its column and no two have the same deviation: at rates of some flips a tile, most. What it places is what <see cref="PlaneSearch"/> would place, flip for flip; where it is not sure of that it places nothing.
/// </summary>
/// <remarks>
/// Alone: with n rows and n columns of one term each, an explanation of n flips has one on every such line, so each row goes with a column of the same deviation; where that is unique, the explanation is.
/// Every accumulator beyond its bound must be among the flips, since the search would have started from it.
/// </remarks>
internal ref struct Peeling
{
    /// <summary>Most flips that it places; more seldom have a bit each.</summary>
    public const int Most = 8;

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
    public bool TryPlace(ulong rows, ulong columns)
    {
        var count = BitOperations.PopCount(rows);
        if (_tile.Width % Lanes != 0 || count > Most || count != BitOperations.PopCount(columns))
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

    /// <summary>The flips, as a search would have them.</summary>
    /// <param name="placements">Room for <see cref="Most"/>.</param>
    public readonly Span<Placement> Placements(Span<Placement> placements)
    {
        for (var i = 0; i < _count; i++)
            placements[i] = new Placement((byte)_placed[i].Row, (byte)_placed[i].Column, (byte)_placed[i].Bit, true);
        return placements[.._count];
    }

    /// <summary>Whether a single flip can be what a row and a column deviate by.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly bool Fits(Flip flip, int deviation) =>
        // A deviation that is no power of 2 is no flip's change.
        IsPossible(flip, out var change) & change == deviation && (_rowMoments.IsEmpty
            || (_rowMoments[flip.Row * _across] == deviation * (flip.Column - _centre) && _columnMoments[flip.Column] == deviation * (flip.Row - _centre)));

    /// <summary>Whether the value without a flip respects its bound, and by how much the flip changed it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly bool IsPossible(Flip flip, out int change)
    {
        var accumulator = _tile[flip.Row, flip.Column];
        change = flip.Delta(accumulator);
        return MathF.Abs(accumulator ^ flip.Mask) <= _tile.Bound(flip.Row, flip.Column);
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
}
