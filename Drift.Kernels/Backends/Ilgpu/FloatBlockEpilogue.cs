using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary>What becomes of a block thread's 8 x 8 accumulators: their flips, the way to memory, and their parts of the observed line sums.</summary>
internal static class FloatBlockEpilogue
{
    /// <summary>One thread, whose columns are four from <paramref name="column"/> on and, of a whole block, four half a block further.</summary>
    public static void Run<TShare>(
        FloatSquare sum, ArrayView<int> plan, ArrayView<float> c, ArrayView<float> rowParts, ArrayView<float> columnParts, int row, int column, int half, FloatExtents e)
        where TShare : struct, IBlockShare
    {
        if (e.BlockColumns > 0)
        {
            sum = Flip(sum, plan, row, column, 0, e);
            if (TShare.Columns == WholeBlock.Columns)
                sum = Flip(sum, plan, row, column + half, FloatSquare.Half, e);
        }

        var at = row * e.Stride + column;
        StoreLeft(c, at, e.Stride, sum);
        if (TShare.Columns == WholeBlock.Columns)
        {
            Rows(c, at + half, e.Stride, sum.A.Right, sum.B.Right, sum.C.Right, sum.D.Right);
            Rows(c, at + half + 4 * e.Stride, e.Stride, sum.E.Right, sum.F.Right, sum.G.Right, sum.H.Right);
        }

        if (e.Tile == 0)
            return;
        int step = e.Stride / FloatSquare.Half, part = row * step + column / FloatSquare.Half;
        var columns = FloatSquare.ColumnSums(sum);
        var above = row / FloatSquare.Edge * e.Stride + column;
        Part(rowParts, part, step, sum.A.Left, sum.B.Left, sum.C.Left, sum.D.Left);
        Part(rowParts, part + 4 * step, step, sum.E.Left, sum.F.Left, sum.G.Left, sum.H.Left);
        FloatQuad.Store(columnParts, above, columns.Left);
        if (TShare.Columns != WholeBlock.Columns)
            return;
        part += half / FloatSquare.Half;
        Part(rowParts, part, step, sum.A.Right, sum.B.Right, sum.C.Right, sum.D.Right);
        Part(rowParts, part + 4 * step, step, sum.E.Right, sum.F.Right, sum.G.Right, sum.H.Right);
        FloatQuad.Store(columnParts, above + half, columns.Right);
    }

    /// <summary>Stores eight rows of the left four.</summary>
    public static void StoreLeft(ArrayView<float> view, int at, int stride, FloatSquare x)
    {
        Rows(view, at, stride, x.A.Left, x.B.Left, x.C.Left, x.D.Left);
        Rows(view, at + 4 * stride, stride, x.E.Left, x.F.Left, x.G.Left, x.H.Left);
    }

    /// <summary>Stores eight rows of the first one.</summary>
    public static void StoreFirst(ArrayView<float> view, int at, int step, FloatSquare x)
    {
        view[at] = x.A.Left.A;
        view[at + step] = x.B.Left.A;
        view[at + 2 * step] = x.C.Left.A;
        view[at + 3 * step] = x.D.Left.A;
        view[at + 4 * step] = x.E.Left.A;
        view[at + 5 * step] = x.F.Left.A;
        view[at + 6 * step] = x.G.Left.A;
        view[at + 7 * step] = x.H.Left.A;
    }

    /// <summary>Stores eight rows of the left four as four rows of eight.</summary>
    public static void StoreTransposed(ArrayView<float> view, int at, int stride, FloatSquare x)
    {
        FloatQuad.Store(view, at, new(x.A.Left.A, x.B.Left.A, x.C.Left.A, x.D.Left.A));
        FloatQuad.Store(view, at + 4, new(x.E.Left.A, x.F.Left.A, x.G.Left.A, x.H.Left.A));
        FloatQuad.Store(view, at + stride, new(x.A.Left.B, x.B.Left.B, x.C.Left.B, x.D.Left.B));
        FloatQuad.Store(view, at + stride + 4, new(x.E.Left.B, x.F.Left.B, x.G.Left.B, x.H.Left.B));
        FloatQuad.Store(view, at + 2 * stride, new(x.A.Left.C, x.B.Left.C, x.C.Left.C, x.D.Left.C));
        FloatQuad.Store(view, at + 2 * stride + 4, new(x.E.Left.C, x.F.Left.C, x.G.Left.C, x.H.Left.C));
        FloatQuad.Store(view, at + 3 * stride, new(x.A.Left.D, x.B.Left.D, x.C.Left.D, x.D.Left.D));
        FloatQuad.Store(view, at + 3 * stride + 4, new(x.E.Left.D, x.F.Left.D, x.G.Left.D, x.H.Left.D));
    }

    private static void Rows(ArrayView<float> view, int at, int stride, FloatLanes4 a, FloatLanes4 b, FloatLanes4 c, FloatLanes4 d)
    {
        FloatQuad.Store(view, at, a);
        FloatQuad.Store(view, at + stride, b);
        FloatQuad.Store(view, at + 2 * stride, c);
        FloatQuad.Store(view, at + 3 * stride, d);
    }

    private static void Part(ArrayView<float> parts, int at, int step, FloatLanes4 a, FloatLanes4 b, FloatLanes4 c, FloatLanes4 d)
    {
        parts[at] = FloatLanes4.Sum(a);
        parts[at + step] = FloatLanes4.Sum(b);
        parts[at + 2 * step] = FloatLanes4.Sum(c);
        parts[at + 3 * step] = FloatLanes4.Sum(d);
    }

    /// <summary>Applies those flips of a fault block that fall into eight rows of four columns, the accumulators' lanes from <paramref name="first"/> on.</summary>
    private static FloatSquare Flip(FloatSquare sum, ArrayView<int> plan, int row, int column, int first, FloatExtents e)
    {
        // Padding may lie beyond the last block.
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
