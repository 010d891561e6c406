using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary>
/// What becomes of a block thread's 8 x 8 accumulators: their flips, the way to memory, and the observed line sums. A thread adds up its part of each line, four columns of a row or eight rows of a
/// column; parts are added one after the other. Where blocks hold their tiles whole that happens here, of rows within either half of the block, then the halves; else the parts leave.
/// </summary>
internal static class FloatBlockEpilogue
{
    /// <summary>Values of shared memory that a group needs: two slices of either operand or, when they are done with, the parts of the largest block's lines.</summary>
    public const int SharedValues = OfColumns + Largest * Largest / FloatSquare.Edge;

    // The largest block; where the parts of columns begin in shared memory. A row's parts are one longer than there are, so that a column of them stands in all banks.
    private const int Largest = 128, OfColumns = Largest * (Largest / FloatSquare.Half + 1);

    /// <summary>Whether blocks hold their tiles whole.</summary>
    /// <param name="edge">Edge of a block.</param>
    /// <param name="tile">Edge of a checksum tile, or 0.</param>
    public static bool Holds(int edge, int tile) => tile > 0 && edge % tile == 0;

    /// <summary>One thread, whose columns are four from its left on and, of a whole block, four half a block further.</summary>
    /// <param name="sum">Its accumulators.</param>
    /// <param name="shared">Memory of the group, whose slices others may still read.</param>
    /// <param name="plan">Flips.</param>
    /// <param name="c">Takes C.</param>
    /// <param name="rowSums">Takes observed row sums [padded rows, check columns], zero before where half blocks add theirs, or parts of four columns [padded rows, Stride / 4].</param>
    /// <param name="columnSums">Takes observed column sums [tiles, Stride], or parts of eight rows [padded rows / 8, Stride].</param>
    /// <param name="firstRow">First row of the block.</param>
    /// <param name="firstColumn">Its first column.</param>
    /// <param name="tiles">Checksum tiles along an edge; 0 where blocks do not hold theirs whole.</param>
    /// <param name="e">Extents; a tile of 0 leaves the sums alone.</param>
    public static void Run<TSize, TShare>(
        FloatSquare sum, ArrayView<float> shared, ArrayView<int> plan, ArrayView<float> c, ArrayView<float> rowSums, ArrayView<float> columnSums, int firstRow, int firstColumn, int tiles, FloatExtents e)
        where TSize : struct, IBlockSize
        where TShare : struct, IBlockShare
    {
        int half = TSize.Edge / 2, row = firstRow + FloatBlockKernel.Top<TSize>(), column = firstColumn + FloatBlockKernel.Left<TSize>();
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

        // Others may still read the last slice, whose place parts or the next block's first one take.
        Group.Barrier();
        if (e.Tile == 0)
            return;
        if (tiles > 0)
        {
            Put<TShare>(sum, shared, shared.SubView(OfColumns), FloatBlockKernel.Top<TSize>(), FloatBlockKernel.Left<TSize>(), Step<TSize>(), TSize.Edge, half);
            Group.Barrier();
            for (var line = Group.IdxX; line < TSize.Edge + Width<TSize, TShare>(); line += Group.DimX)
            {
                if (line < TSize.Edge)
                    PutRow<TSize, TShare>(shared, rowSums, line, firstRow + line, firstColumn * tiles / TSize.Edge, e);
                else
                    PutColumn<TSize>(shared, columnSums, line - TSize.Edge, firstRow / TSize.Edge * tiles, firstColumn, e);
            }

            Group.Barrier();
            return;
        }

        Put<TShare>(sum, rowSums.SubView(firstColumn / FloatSquare.Half), columnSums.SubView(firstColumn), row, FloatBlockKernel.Left<TSize>(), e.Stride / FloatSquare.Half, e.Stride, half);
    }

    /// <summary>Stores eight rows of the left four.</summary>
    public static void StoreLeft(ArrayView<float> view, int at, int stride, FloatSquare x)
    {
        Rows(view, at, stride, x.A.Left, x.B.Left, x.C.Left, x.D.Left);
        Rows(view, at + 4 * stride, stride, x.E.Left, x.F.Left, x.G.Left, x.H.Left);
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

    /// <summary>Stores a thread's parts of its lines.</summary>
    /// <param name="sum">Its accumulators.</param>
    /// <param name="rowParts">Takes parts of rows.</param>
    /// <param name="columnParts">Takes parts of columns.</param>
    /// <param name="row">Its first row.</param>
    /// <param name="left">Its first column.</param>
    /// <param name="rowStep">Parts of rows from one row to the next.</param>
    /// <param name="columnStep">Parts of columns from eight rows to the next.</param>
    /// <param name="half">Half a block.</param>
    private static void Put<TShare>(FloatSquare sum, ArrayView<float> rowParts, ArrayView<float> columnParts, int row, int left, int rowStep, int columnStep, int half)
        where TShare : struct, IBlockShare
    {
        var columns = FloatSquare.ColumnSums(sum);
        int part = row * rowStep + left / FloatSquare.Half, above = row / FloatSquare.Edge * columnStep + left;
        Part(rowParts, part, rowStep, sum.A.Left, sum.B.Left, sum.C.Left, sum.D.Left);
        Part(rowParts, part + 4 * rowStep, rowStep, sum.E.Left, sum.F.Left, sum.G.Left, sum.H.Left);
        FloatQuad.Store(columnParts, above, columns.Left);
        if (TShare.Columns != WholeBlock.Columns)
            return;
        part += half / FloatSquare.Half;
        Part(rowParts, part, rowStep, sum.A.Right, sum.B.Right, sum.C.Right, sum.D.Right);
        Part(rowParts, part + 4 * rowStep, rowStep, sum.E.Right, sum.F.Right, sum.G.Right, sum.H.Right);
        FloatQuad.Store(columnParts, above + half, columns.Right);
    }

    private static void Part(ArrayView<float> parts, int at, int step, FloatLanes4 a, FloatLanes4 b, FloatLanes4 c, FloatLanes4 d)
    {
        parts[at] = FloatLanes4.Sum(a);
        parts[at + step] = FloatLanes4.Sum(b);
        parts[at + 2 * step] = FloatLanes4.Sum(c);
        parts[at + 3 * step] = FloatLanes4.Sum(d);
    }

    /// <summary>Parts of rows in shared memory from one row to the next.</summary>
    private static int Step<TSize>()
        where TSize : struct, IBlockSize => TSize.Edge / FloatSquare.Half + 1;

    private static int Width<TSize, TShare>()
        where TSize : struct, IBlockSize
        where TShare : struct, IBlockShare => TSize.Edge * TShare.Columns / WholeBlock.Columns;

    /// <summary>Adds up the parts of a row and stores its sums; half a block has half of the sum of a tile as wide as the whole one, and two halves are the same in either order.</summary>
    private static void PutRow<TSize, TShare>(ArrayView<float> shared, ArrayView<float> rowSums, int line, int row, int tile, FloatExtents e)
        where TSize : struct, IBlockSize
        where TShare : struct, IBlockShare
    {
        int from = line * Step<TSize>(), to = row * (e.Stride - e.PaddedColumns) + tile, halfParts = TSize.Edge / 2 / FloatSquare.Half;
        if (e.Tile == TSize.Edge)
        {
            var sum = FloatLineKernels.Add(shared, from, 1, 0, halfParts);
            if (TShare.Columns == WholeBlock.Columns)
            {
                rowSums[to] = sum + FloatLineKernels.Add(shared, from, 1, halfParts, 2 * halfParts);
                return;
            }

            // Whoever comes second adds. Not by an atomic addition, which on a GPU takes subnormal sums for zero.
            var other = Atomic.Exchange(ref rowSums[to], sum);
            if (other != 0)
                rowSums[to] = other + sum;
            return;
        }

        var parts = e.Tile / FloatSquare.Half;
        for (var first = 0; first < Width<TSize, TShare>() / FloatSquare.Half; first += parts)
        {
            rowSums[to] = FloatLineKernels.Add(shared, from, 1, first, first + parts);
            to++;
        }
    }

    private static void PutColumn<TSize>(ArrayView<float> shared, ArrayView<float> columnSums, int line, int tile, int column, FloatExtents e)
        where TSize : struct, IBlockSize
    {
        int to = tile * e.Stride + column + line, parts = e.Tile / FloatSquare.Edge;
        for (var first = 0; first < TSize.Edge / FloatSquare.Edge; first += parts)
        {
            columnSums[to] = FloatLineKernels.Add(shared, OfColumns + line, TSize.Edge, first, first + parts);
            to += e.Stride;
        }
    }

    /// <summary>Applies those flips of a fault block that fall into eight rows of four columns, the accumulators' lanes from <paramref name="first"/> on.</summary>
    private static FloatSquare Flip(FloatSquare sum, ArrayView<int> plan, int row, int column, int first, FloatExtents e)
    {
        // Padding may lie beyond the last block.
        if (row >= e.Rows || column >= e.Columns)
            return sum;
        return PackedPlan.Flip(sum, plan, row, column, first, e.BlockColumns, e.Blocks);
    }
}
