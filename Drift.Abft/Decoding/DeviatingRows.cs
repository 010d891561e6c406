using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Drift.Kernels;

namespace Drift.Abft;

/// <summary>
/// The rows that deviate in a row of tiles, tile by tile, and by how much. Row sums of one tile stand a row of sums apart, so they are looked through across all tiles, sixteen at a time.
/// </summary>
internal sealed class DeviatingRows
{
    private const int Most = OddWeights.LargestTile;

    private int[] _counts = [], _rows = [], _deviations = [];

    /// <summary>Looks through a row of tiles.</summary>
    /// <param name="sums">Deviations of the product's lines, in tiles of at most <see cref="OddWeights.LargestTile"/>.</param>
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

    /// <summary>How many rows of a tile deviate.</summary>
    /// <param name="tileColumn">Which tile.</param>
    public int Count(int tileColumn) => _counts[tileColumn];

    /// <summary>Copies them, and by how much they deviate.</summary>
    /// <param name="tileColumn">Which tile.</param>
    /// <param name="first">The tile's first row.</param>
    /// <param name="rows">Takes the rows.</param>
    /// <param name="deviations">Takes the deviations.</param>
    /// <returns>How many.</returns>
    public int CopyTo(int tileColumn, int first, int[] rows, int[] deviations)
    {
        var count = _counts[tileColumn];
        for (var i = 0; i < count; i++)
            rows[i] = first + _rows[tileColumn * Most + i];
        _deviations.AsSpan(tileColumn * Most, count).CopyTo(deviations);
        return count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Add(int tileColumn, int row, ReadOnlySpan<int> sums)
    {
        var at = tileColumn * Most + _counts[tileColumn]++;
        (_rows[at], _deviations[at]) = (row, sums[tileColumn]);
    }
}
