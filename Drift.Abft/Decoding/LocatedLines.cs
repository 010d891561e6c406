using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Drift.Kernels;

namespace Drift.Abft;

/// <summary>
/// The rows that deviate in a row of tiles, tile by tile, and by how much. Row sums of one tile stand a row of sums apart, so they are looked through across all tiles, sixteen at a time.
/// </summary>
internal sealed class LocatedLines
{
    private const int Most = RowLocators.LargestTile;

    private int[] _counts = [], _rows = [], _deviations = [];

    /// <summary>Looks through a row of tiles.</summary>
    /// <param name="sums">Deviations of the product's lines, in tiles of at most <see cref="RowLocators.LargestTile"/>.</param>
    /// <param name="tileRow">Which row of tiles.</param>
    public void Scan(LineSums sums, int tileRow)
    {
        var across = sums.TileColumns;
        if (_counts.Length < across)
            (_counts, _rows, _deviations) = (new int[across], new int[across * Most], new int[across * Most]);
        _counts.AsSpan(0, across).Clear();
        var first = tileRow * sums.Tile;
        ReadOnlySpan<int> rows = sums.Rows[(first * across)..];
        var height = Math.Min(sums.Tile, sums.M - first);
        for (var row = 0; row < height; row++, rows = rows[across..])
        {
            var t = 0;
            for (; t <= across - Vector512<int>.Count; t += Vector512<int>.Count)
            {
                var hits = ~Vector512.Equals(Vector512.Create(rows[t..]), Vector512<int>.Zero).ExtractMostSignificantBits() & ushort.MaxValue;
                for (; hits != 0; hits &= hits - 1)
                    Add(t + BitOperations.TrailingZeroCount(hits), row, rows);
            }

            for (; t < across; t++)
            {
                if (rows[t] != 0)
                    Add(t, row, rows);
            }
        }
    }

    /// <summary>The rows of a tile that deviate, counted from the tile's first.</summary>
    /// <param name="tileColumn">Which tile.</param>
    public ReadOnlySpan<int> Rows(int tileColumn) => _rows.AsSpan(tileColumn * Most, _counts[tileColumn]);

    /// <summary>By how much they deviate.</summary>
    /// <param name="tileColumn">Which tile.</param>
    public ReadOnlySpan<int> Deviations(int tileColumn) => _deviations.AsSpan(tileColumn * Most, _counts[tileColumn]);

    /// <summary>Asks for the accumulators of a tile's deviating rows: the product wrote them long ago, and they are in no near cache any more.</summary>
    /// <param name="output">The product.</param>
    /// <param name="tileRow">Tile counted from the top.</param>
    /// <param name="tileColumn">Tile counted from the left; nothing happens where there is none.</param>
    /// <param name="tile">Edge of a tile.</param>
    public unsafe void Fetch(GemmOutput output, int tileRow, int tileColumn, int tile)
    {
        if (!Sse.IsSupported || tileColumn * tile >= output.Shape.N)
            return;
        var width = Math.Min(tile, output.Shape.N - tileColumn * tile);
        foreach (var row in Rows(tileColumn))
        {
            ref var start = ref output.Accumulators[(tileRow * tile + row) * output.Stride + tileColumn * tile];
            for (var i = 0; i < width; i += 64 / sizeof(int))
                Sse.Prefetch0(Unsafe.AsPointer(ref Unsafe.Add(ref start, i)));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Add(int tileColumn, int row, ReadOnlySpan<int> sums)
    {
        var at = tileColumn * Most + _counts[tileColumn]++;
        (_rows[at], _deviations[at]) = (row, sums[tileColumn]);
    }
}
