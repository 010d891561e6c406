using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary>What a device says about a product's line sums: a few words, so that the sums themselves stay there.</summary>
internal static class VerdictKernels
{
    /// <summary>Words of a report before the deviations: flagged rows, flagged columns, masked elements, elements of fetched row segments.</summary>
    public const int Counts = 4;

    /// <summary>Counts the flagged lines of a tile and what they mask.</summary>
    /// <param name="tile">Tiles, row by row.</param>
    /// <param name="sums">The product's sums.</param>
    /// <param name="report">The report's first <see cref="Counts"/> words take the counts; zero before.</param>
    /// <param name="e">Extents.</param>
    public static void Judge(Index1D tile, SumViews sums, ArrayView<int> report, OutputExtents e)
    {
        var across = (e.Columns + e.Tile - 1) / e.Tile;
        int tileRow = tile / across, tileColumn = tile % across, left = tileColumn * e.Tile, right = IntrinsicMath.Min(left + e.Tile, e.Columns);
        int rows = 0, columns = 0;
        for (var row = tileRow * e.Tile; row < IntrinsicMath.Min((tileRow + 1) * e.Tile, e.Rows); row++)
            rows += OutputKernels.Deviates(RowDeviation(sums, row, tileColumn, e), e.Quiet) ? 1 : 0;
        for (var column = left; column < right; column++)
            columns += OutputKernels.Deviates(ColumnDeviation(sums, tileRow, column, e), e.Quiet) ? 1 : 0;
        Atomic.Add(ref report[0], rows);
        Atomic.Add(ref report[1], columns);
        if (rows == 0 || columns == 0)
            return;
        Atomic.Add(ref report[2], rows * columns);
        Atomic.Add(ref report[3], rows * (right - left));
    }

    /// <summary>Says for each flip by how much its row segment and its column segment deviate.</summary>
    /// <param name="block">Fault blocks, row by row.</param>
    /// <param name="plan">Starts of the fault blocks, the end, then the flips (<see cref="PackedPlan"/>).</param>
    /// <param name="sums">The product's sums.</param>
    /// <param name="report">Takes two words a flip behind the counts.</param>
    /// <param name="e">Extents.</param>
    /// <param name="blockColumns">Fault blocks from left to right.</param>
    /// <param name="blocks">Number of fault blocks.</param>
    public static void Trace(Index1D block, ArrayView<int> plan, SumViews sums, ArrayView<int> report, OutputExtents e, int blockColumns, int blocks)
    {
        int top = block / blockColumns * FaultPlan.Block, left = block % blockColumns * FaultPlan.Block;
        for (var f = plan[block]; f < plan[block + 1]; f++)
        {
            var flip = plan[blocks + 1 + f];
            int row = top + PackedPlan.Row(flip), column = left + PackedPlan.Column(flip);
            report[Counts + 2 * f] = RowDeviation(sums, row, column / e.Tile, e);
            report[Counts + 2 * f + 1] = ColumnDeviation(sums, row / e.Tile, column, e);
        }
    }

    /// <summary>Inverts the plan's bits: once more, and the accumulators are clean; a third time, and they are not.</summary>
    /// <param name="block">Fault blocks, row by row.</param>
    /// <param name="plan">Starts of the fault blocks, the end, then the flips.</param>
    /// <param name="c">Accumulators.</param>
    /// <param name="stride">From one row to the next.</param>
    /// <param name="blockColumns">Fault blocks from left to right.</param>
    /// <param name="blocks">Number of fault blocks.</param>
    public static void Toggle(Index1D block, ArrayView<int> plan, ArrayView<int> c, int stride, int blockColumns, int blocks)
    {
        int top = block / blockColumns * FaultPlan.Block, left = block % blockColumns * FaultPlan.Block;
        for (var f = plan[block]; f < plan[block + 1]; f++)
        {
            var flip = plan[blocks + 1 + f];
            c[(top + PackedPlan.Row(flip)) * stride + left + PackedPlan.Column(flip)] ^= 1 << PackedPlan.Bit(flip);
        }
    }

    private static int RowDeviation(SumViews sums, int row, int tileColumn, OutputExtents e)
    {
        var at = row * e.TileStride + tileColumn;
        return sums.ObservedRows[at] - sums.ExpectedRows[at];
    }

    private static int ColumnDeviation(SumViews sums, int tileRow, int column, OutputExtents e)
    {
        var at = tileRow * e.Stride + column;
        return sums.ObservedColumns[at] - sums.ExpectedColumns[at];
    }
}
