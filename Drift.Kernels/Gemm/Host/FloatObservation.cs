using System.Runtime.Intrinsics;

namespace Drift.Kernels;

/// <summary>
/// Observed sums of a float product's tile by the definition: a row runs in 16 lanes, column j of the tile in lane j mod 16, folded as <see cref="RowLanes"/> has it; a column is a chain
/// over the rows. What micro-kernels with checksum lanes give, for tiles that have none or whose values were flipped since.
/// </summary>
internal static unsafe class FloatObservation
{
    private const int Lanes = MicroTile.Lanes, RowsTogether = 16;

    /// <summary>Sums a tile's lines.</summary>
    /// <param name="c">First value of the product.</param>
    /// <param name="stride">Values between rows.</param>
    /// <param name="sums">Takes them.</param>
    /// <param name="tileRow">Tile counted from the top.</param>
    /// <param name="tileColumn">Tile counted from the left.</param>
    public static void Tile(float* c, nint stride, FloatLineSums sums, int tileRow, int tileColumn)
    {
        int top = tileRow * sums.Tile, left = tileColumn * sums.Tile;
        int bottom = Math.Min(sums.M, top + sums.Tile), right = Math.Min(sums.N, left + sums.Tile);
        var columns = sums.Columns.Slice(tileRow * sums.N + left, right - left);
        columns.Clear();
        var lanes = stackalloc float[RowsTogether * Lanes];
        fixed (float* line = columns, rowSums = sums.Rows)
        {
            for (var i = top; i < bottom; i += RowsTogether)
            {
                var count = Math.Min(RowsTogether, bottom - i);
                for (var r = 0; r < count; r++)
                    Add(c + (i + r) * stride + left, right - left, line, lanes + r * Lanes);
                RowLanes.Fold(lanes, count, rowSums + (nint)i * sums.TileColumns + tileColumn, sums.TileColumns);
            }
        }
    }

    /// <summary>A row of a tile: into its columns' sums, and into lanes of its own.</summary>
    private static void Add(float* row, int length, float* columns, float* lanes)
    {
        var sum = Vector512<float>.Zero;
        var j = 0;
        for (; j <= length - Lanes; j += Lanes)
        {
            var values = Vector512.Load(row + j);
            (Vector512.Load(columns + j) + values).Store(columns + j);
            sum += values;
        }

        sum.Store(lanes);
        for (; j < length; j++)
        {
            columns[j] += row[j];
            lanes[j % Lanes] += row[j];
        }
    }

    /// <summary>Sums all lines.</summary>
    /// <param name="c">First value of the product.</param>
    /// <param name="stride">Values between rows.</param>
    /// <param name="sums">Takes them.</param>
    public static void All(float* c, nint stride, FloatLineSums sums)
    {
        for (var tileRow = 0; tileRow < sums.TileRows; tileRow++)
        {
            for (var tileColumn = 0; tileColumn < sums.TileColumns; tileColumn++)
                Tile(c, stride, sums, tileRow, tileColumn);
        }
    }
}
