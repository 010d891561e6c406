namespace Drift.Kernels;

/// <summary>
/// Observed sums of a float product's tile by the definition: a row runs in 16 lanes, column j of the tile in lane j mod 16, folded as <see cref="RowLanes"/> has it; a column is a chain
/// over the rows. What micro-kernels with checksum lanes give, for tiles that have none or whose values were flipped since.
/// </summary>
internal static unsafe class FloatObservation
{
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
        var lanes = stackalloc float[MicroTile.Lanes];
        for (var i = top; i < bottom; i++)
        {
            new Span<float>(lanes, MicroTile.Lanes).Clear();
            var row = c + i * stride + left;
            for (var j = 0; j < columns.Length; j++)
            {
                columns[j] += row[j];
                lanes[j % MicroTile.Lanes] += row[j];
            }

            fixed (float* sum = sums.Rows)
                RowLanes.Fold(lanes, 1, sum + (nint)i * sums.TileColumns + tileColumn, 1);
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
