using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary>
/// The fp32 product without shared memory: a work item multiplies 8 x 16 values, each one chain of fused multiply-adds over k = 0..K-1 that starts at 0, which are the bits of the
/// host's product. Sums of its own rows and columns leave in parts, so that their order never depends on which item comes first.
/// </summary>
internal static class FloatDirectKernel
{
    /// <summary>Register tile, and the columns of one that multiplies summed rows of W.</summary>
    public const int Rows = 2 * FloatTile.Rows, Columns = 16, LineColumns = FloatSquare.Edge;

    /// <summary>One work item.</summary>
    /// <param name="index">Register tile, row by row, those of expected row sums last. Below PaddedRows stand summed rows of A: their products are the expected column sums.</param>
    /// <param name="a">A interleaved by RowGroup, rows padded.</param>
    /// <param name="w">W interleaved by ColumnGroup, columns padded with zeros, and behind it its summed rows, interleaved by <see cref="LineColumns"/>.</param>
    /// <param name="plan">Starts of the fault blocks, the end, then the flips (<see cref="PackedPlan"/>).</param>
    /// <param name="c">Takes C [padded rows, Stride].</param>
    /// <param name="rowParts">Takes the sum of each row over the item's columns [padded rows / 8, PaddedColumns / 16, 8]: in the order in which items come.</param>
    /// <param name="columnParts">Takes the sum of each column over the item's rows [tile rows, PaddedColumns / 16, Tile / 8, 16]: those that are added together side by side.</param>
    /// <param name="e">Extents; a tile of 0 leaves the parts alone.</param>
    public static void Run(
        Index1D index,
        ArrayView<float> a,
        ArrayView<float> w,
        ArrayView<int> plan,
        ArrayView<float> c,
        ArrayView<float> rowParts,
        ArrayView<float> columnParts,
        FloatExtents e)
    {
        int panels = e.PaddedColumns / Columns, across = panels + (e.Stride - e.PaddedColumns) / LineColumns, panel = index % across, row = index / across * Rows, column = panel * Columns;
        if (panel >= panels)
        {
            if (row < e.PaddedRows)
                Expect(a, w, c, row, e.PaddedColumns + (panel - panels) * LineColumns, e);
            return;
        }

        var atA = FloatLineKernels.Place(row, 0, e.RowGroup, e.Depth);
        var atW = FloatLineKernels.Place(column, 0, e.ColumnGroup, e.Depth);
        FloatTile upper = default, lower = default;
        for (var p = 0; p < e.Depth; p++)
        {
            var weights = FloatMemory.Load16(w, atW);
            upper = FloatTile.MultiplyAdd(upper, FloatMemory.Load4(a, atA), weights);
            lower = FloatTile.MultiplyAdd(lower, FloatMemory.Load4(a, atA + FloatTile.Rows), weights);
            atA += e.RowGroup;
            atW += e.ColumnGroup;
        }

        if (e.BlockColumns > 0)
        {
            upper = Flip(upper, plan, row, column, e);
            lower = Flip(lower, plan, row + FloatTile.Rows, column, e);
        }

        var at = row * e.Stride + column;
        FloatMemory.Store(c, at, e.Stride, upper);
        FloatMemory.Store(c, at + FloatTile.Rows * e.Stride, e.Stride, lower);
        if (e.Tile > 0 && row < e.PaddedRows)
            Observe(upper, lower, rowParts, columnParts, row, column, e);
    }

    private static void Observe(FloatTile upper, FloatTile lower, ArrayView<float> rowParts, ArrayView<float> columnParts, int row, int column, FloatExtents e)
    {
        // One word, which the compiler is not to know: seeing the sums of rows side by side, PoCL's would keep columns in vectors, not rows, all the way through the loop (three times as slow).
        var apart = e.RowGroup / Rows;
        int panels = e.PaddedColumns / Columns, panel = column / Columns, part = row * panels + panel * Rows;
        Part(rowParts, part, apart, upper);
        Part(rowParts, part + FloatTile.Rows, apart, lower);
        var above = ((row / e.Tile * panels + panel) * (e.Tile / Rows) + row % e.Tile / Rows) * Columns;
        FloatMemory.Store16(columnParts, above, FloatLanes16.Add(FloatTile.ColumnSums(upper), FloatTile.ColumnSums(lower)));
    }

    private static void Part(ArrayView<float> parts, int at, int step, FloatTile x)
    {
        parts[at] = FloatLanes16.Sum(x.A);
        parts[at + step] = FloatLanes16.Sum(x.B);
        parts[at + 2 * step] = FloatLanes16.Sum(x.C);
        parts[at + 3 * step] = FloatLanes16.Sum(x.D);
    }

    /// <summary>Eight rows of A times eight summed rows of W, chains as above. A tile of its own: of sixteen columns half would be empty where tiles are few.</summary>
    private static void Expect(ArrayView<float> a, ArrayView<float> w, ArrayView<float> c, int row, int column, FloatExtents e)
    {
        int atA = FloatLineKernels.Place(row, 0, e.RowGroup, e.Depth), atW = column * e.Depth;
        var sum = default(FloatSquare);
        for (var p = 0; p < e.Depth; p++)
        {
            sum = FloatSquare.MultiplyAdd(sum, FloatMemory.Load4(a, atA), FloatMemory.Load4(a, atA + FloatTile.Rows), FloatMemory.Load8(w, atW));
            atA += e.RowGroup;
            atW += LineColumns;
        }

        FloatMemory.Store(c, row * e.Stride + column, e.Stride, sum);
    }

    /// <summary>Applies those flips of the fault block that fall into four rows.</summary>
    private static FloatTile Flip(FloatTile sum, ArrayView<int> plan, int row, int column, FloatExtents e)
    {
        // Padding and check rows may lie beyond the last block.
        if (row >= e.Rows || column >= e.Columns)
            return sum;
        return PackedPlan.Flip(sum, plan, row, column, 0, e.BlockColumns, e.Blocks);
    }
}
