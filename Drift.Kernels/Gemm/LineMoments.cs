namespace Drift.Kernels;

/// <summary>
/// Position-weighted line sums: within a tile, the value at place p of a line counts p - (T - 1) / 2 times (integer division). One flip on a line then tells its place: moment over sum.
/// The weights run from -(T - 1) / 2 to T / 2, so that in tiles of up to 32 the weighted sums of INT8 values still fit the two digits of plain ones.
/// </summary>
public static class LineMoments
{
    /// <summary>The largest tile whose INT8 moments fit two base-256 digits: -32,648 to 32,632.</summary>
    public const int LargestTile = 32;

    /// <summary>The place that counts 0.</summary>
    /// <param name="tile">Edge of a tile.</param>
    public static int Centre(int tile) => (tile - 1) / 2;

    /// <summary>Moments of a whole product's accumulators, modulo 2^32. Wrapping arithmetic: any order gives the same bits.</summary>
    /// <param name="output">The product.</param>
    /// <param name="moments">Takes them; its tile decides.</param>
    internal static void Sum(GemmOutput output, LineSums moments)
    {
        if (moments.Tile == 0)
            return;
        int tile = moments.Tile, n = moments.N, centre = Centre(tile);
        moments.Columns.Clear();
        for (var i = 0; i < moments.M; i++)
        {
            ReadOnlySpan<int> row = output.Row(i);
            var columns = moments.Columns.Slice(i / tile * n, n);
            var weight = i % tile - centre;
            for (var j = 0; j < n; j++)
                columns[j] += weight * row[j];
            for (var t = 0; t < moments.TileColumns; t++)
            {
                var sum = 0;
                for (var j = t * tile; j < Math.Min(n, (t + 1) * tile); j++)
                    sum += (j - t * tile - centre) * row[j];
                moments.Rows[i * moments.TileColumns + t] = sum;
            }
        }
    }
}
