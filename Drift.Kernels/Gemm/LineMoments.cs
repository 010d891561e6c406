using System.Runtime.Intrinsics;

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
            for (int t = 0, first = 0; t < moments.TileColumns; t++, first += tile)
            {
                var width = Math.Min(tile, n - first);
                moments.Rows[i * moments.TileColumns + t] = Add(row.Slice(first, width), i % tile - centre, centre, columns.Slice(first, width));
            }
        }
    }

    /// <summary>Adds a line's values, each times the line's weight, to its columns; the line's own weighted sum.</summary>
    private static int Add(ReadOnlySpan<int> line, int weight, int centre, Span<int> columns)
    {
        var (sums, j) = (Vector512<int>.Zero, 0);
        for (; j <= line.Length - Vector512<int>.Count; j += Vector512<int>.Count)
        {
            var values = Vector512.Create(line[j..]);
            sums += values * (Vector512<int>.Indices + Vector512.Create(j - centre));
            (Vector512.Create<int>(columns[j..]) + values * Vector512.Create(weight)).CopyTo(columns[j..]);
        }

        var sum = Vector512.Sum(sums);
        for (; j < line.Length; j++)
        {
            sum += (j - centre) * line[j];
            columns[j] += weight * line[j];
        }

        return sum;
    }
}
