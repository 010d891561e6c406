using System.Runtime.Intrinsics;

namespace Drift.Kernels;

/// <summary>Observed line sums of a product's accumulators: one pass over the tiles, wrapping INT32 addition, so any order gives the same bits.</summary>
internal static class LineSumKernel
{
    public static void Sum(GemmOutput output, LineSums sums)
    {
        int tile = sums.Tile, m = sums.M, n = sums.N;
        if (tile == 0)
            return;
        for (var tileRow = 0; tileRow < sums.TileRows; tileRow++)
        {
            var columns = sums.Columns.Slice(tileRow * n, n);
            columns.Clear();
            for (var i = tileRow * tile; i < Math.Min(m, (tileRow + 1) * tile); i++)
            {
                var row = output.Row(i);
                for (var t = 0; t < sums.TileColumns; t++)
                {
                    var start = t * tile;
                    var width = Math.Min(tile, n - start);
                    sums.Rows[i * sums.TileColumns + t] = AddAndSum(row.Slice(start, width), columns.Slice(start, width));
                }
            }
        }
    }

    /// <summary>Adds a line to the column sums and returns its own sum.</summary>
    private static int AddAndSum(ReadOnlySpan<int> line, Span<int> columns)
    {
        var lanes = Vector512<int>.Zero;
        var j = 0;
        for (; j <= line.Length - Vector512<int>.Count; j += Vector512<int>.Count)
        {
            var values = Vector512.Create(line[j..]);
            lanes += values;
            (Vector512.Create<int>(columns[j..]) + values).CopyTo(columns[j..]);
        }

        var sum = Vector512.Sum(lanes);
        for (; j < line.Length; j++)
        {
            sum += line[j];
            columns[j] += line[j];
        }

        return sum;
    }
}
