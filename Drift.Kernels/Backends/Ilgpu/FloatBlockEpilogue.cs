using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary>What becomes of a block thread's 8 x 8 accumulators: their flips, the way to memory, and their parts of the observed line sums.</summary>
internal static class FloatBlockEpilogue
{
    /// <summary>One thread, whose columns are four from <paramref name="column"/> on and four half a block further.</summary>
    public static void Run(
        FloatSquare sum, ArrayView<int> plan, ArrayView<float> c, ArrayView<float> rowParts, ArrayView<float> columnParts, int row, int column, int half, FloatExtents e)
    {
        if (e.BlockColumns > 0)
        {
            sum = Flip(sum, plan, row, column, 0, e);
            sum = Flip(sum, plan, row, column + half, FloatSquare.Half, e);
        }

        var at = row * e.Stride + column;
        Store(c, at, half, sum.A);
        Store(c, at + e.Stride, half, sum.B);
        Store(c, at + 2 * e.Stride, half, sum.C);
        Store(c, at + 3 * e.Stride, half, sum.D);
        Store(c, at + 4 * e.Stride, half, sum.E);
        Store(c, at + 5 * e.Stride, half, sum.F);
        Store(c, at + 6 * e.Stride, half, sum.G);
        Store(c, at + 7 * e.Stride, half, sum.H);
        if (e.Tile == 0 || row >= e.PaddedRows || column >= e.PaddedColumns)
            return;
        int step = e.Stride / FloatSquare.Half, part = row * step + column / FloatSquare.Half, further = half / FloatSquare.Half;
        Part(rowParts, part, further, sum.A);
        Part(rowParts, part + step, further, sum.B);
        Part(rowParts, part + 2 * step, further, sum.C);
        Part(rowParts, part + 3 * step, further, sum.D);
        Part(rowParts, part + 4 * step, further, sum.E);
        Part(rowParts, part + 5 * step, further, sum.F);
        Part(rowParts, part + 6 * step, further, sum.G);
        Part(rowParts, part + 7 * step, further, sum.H);
        Store(columnParts, row / FloatSquare.Edge * e.Stride + column, half, FloatSquare.ColumnSums(sum));
    }

    private static void Store(ArrayView<float> view, int at, int half, FloatLanes8 x)
    {
        FloatQuad.Store(view, at, x.Left);
        FloatQuad.Store(view, at + half, x.Right);
    }

    private static void Part(ArrayView<float> parts, int at, int further, FloatLanes8 x)
    {
        parts[at] = FloatLanes4.Sum(x.Left);
        parts[at + further] = FloatLanes4.Sum(x.Right);
    }

    /// <summary>Applies those flips of a fault block that fall into eight rows of four columns, the accumulators' lanes from <paramref name="first"/> on.</summary>
    private static FloatSquare Flip(FloatSquare sum, ArrayView<int> plan, int row, int column, int first, FloatExtents e)
    {
        // Padding, and check rows and columns, may lie beyond the last block.
        if (row >= e.Rows || column >= e.Columns)
            return sum;
        var block = row / FaultPlan.Block * e.BlockColumns + column / FaultPlan.Block;
        int firstRow = row % FaultPlan.Block, firstColumn = column % FaultPlan.Block;
        var end = plan[block + 1];
        for (var f = plan[block]; f < end; f++)
        {
            var flip = plan[e.Blocks + 1 + f];
            var r = PackedPlan.Row(flip) - firstRow;
            var s = PackedPlan.Column(flip) - firstColumn;
            if (r >= 0 && r < FloatSquare.Edge && s >= 0 && s < FloatSquare.Half)
                sum = FloatSquare.Toggle(sum, r, first + s, 1 << PackedPlan.Bit(flip));
        }

        return sum;
    }
}
