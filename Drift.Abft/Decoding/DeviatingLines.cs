using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Drift.Kernels;

namespace Drift.Abft;

/// <summary>
/// Which rows of a row of tiles deviate, tile by tile. Row sums of one tile stand a row of sums apart, so they are looked through across all tiles, sixteen at a time. Every accumulator row that a decoder
/// will look at is asked for on the way: the product wrote it long ago, and it is in no near cache any more.
/// </summary>
internal sealed class DeviatingLines
{
    private ulong[] _rows = [];

    /// <summary>Looks through a row of tiles.</summary>
    /// <param name="product">The product, in tiles of at most 64.</param>
    /// <param name="tileRow">Which row of tiles.</param>
    public void Scan(in SuspectProduct product, int tileRow)
    {
        var (sums, output) = (product.Deviations, product.Output);
        var (tile, across) = (sums.Tile, sums.TileColumns);
        if (_rows.Length < across)
            _rows = new ulong[across];
        _rows.AsSpan(0, across).Clear();
        var last = Math.Min(sums.M, (tileRow + 1) * tile);
        for (var row = tileRow * tile; row < last; row++)
        {
            ReadOnlySpan<int> own = sums.Rows.Slice(row * across, across), moments = product.Moments is { } weighted ? weighted.Rows.Slice(row * across, across) : default;
            for (var first = 0; first < across; first += 64)
            {
                for (var hits = NonZero(own, moments, first, Math.Min(64, across - first)); hits != 0; hits &= hits - 1)
                {
                    var tileColumn = first + BitOperations.TrailingZeroCount(hits);
                    _rows[tileColumn] |= 1UL << (row - tileRow * tile);
                    Fetch(output, row, tileColumn * tile, tile);
                }
            }
        }
    }

    /// <summary>The rows of a tile of the row last looked through that deviate, the tile's first row lowest.</summary>
    /// <param name="tileColumn">Which tile.</param>
    public ulong Rows(int tileColumn) => _rows[tileColumn];

    /// <summary>The columns of a tile that deviate, the tile's first column lowest.</summary>
    /// <param name="product">The product, in tiles of at most 64.</param>
    /// <param name="tileRow">Tile counted from the top.</param>
    /// <param name="tileColumn">Tile counted from the left.</param>
    public static ulong Columns(in SuspectProduct product, int tileRow, int tileColumn)
    {
        var sums = product.Deviations;
        int first = tileRow * sums.N + tileColumn * sums.Tile, width = Math.Min(sums.Tile, sums.N - tileColumn * sums.Tile);
        return NonZero(sums.Columns, product.Moments is { } weighted ? weighted.Columns : default, first, width);
    }

    /// <summary>One bit for each of up to 64 lines of which the sum, or the moment if there are moments, is not 0.</summary>
    private static ulong NonZero(ReadOnlySpan<int> sums, ReadOnlySpan<int> moments, int first, int count)
    {
        ulong hits = 0;
        var i = 0;
        for (; i <= count - Vector512<int>.Count; i += Vector512<int>.Count)
        {
            var values = Vector512.Create(sums[(first + i)..]);
            if (!moments.IsEmpty)
                values |= Vector512.Create(moments[(first + i)..]);
            hits |= (ulong)(ushort)~Vector512.Equals(values, Vector512<int>.Zero).ExtractMostSignificantBits() << i;
        }

        for (; i < count; i++)
            hits |= (sums[first + i] | (moments.IsEmpty ? 0 : moments[first + i])) != 0 ? 1UL << i : 0;
        return hits;
    }

    private static unsafe void Fetch(GemmOutput output, int row, int column, int count)
    {
        if (!Sse.IsSupported)
            return;
        ref var start = ref output.Accumulators[row * output.Stride + column];
        for (var i = 0; i < count; i += 64 / sizeof(int))
            Sse.Prefetch0(Unsafe.AsPointer(ref Unsafe.Add(ref start, i)));
    }
}
