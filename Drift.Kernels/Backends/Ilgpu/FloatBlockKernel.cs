using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary>
/// The fp32 product with shared memory: a group multiplies a block, a thread 8 x 8 of it, rows beside each other, columns four on either half so that the words that neighbours read stand in
/// neighbouring banks; of half a block the left four, of a thin one a single one. Slices along k pass through two buffers in turn, one barrier a slice; the next one travels in registers meanwhile. As many k a slice as make
/// every thread carry one quad of either operand. Same chains, so same bits, as <see cref="FloatDirectKernel"/>; blocks past the product's own multiply an operand with the other's summed lines, the
/// expected sums, each again one chain.
/// </summary>
internal static class FloatBlockKernel
{
    private const int LargestSlice = 128 * 8;

    /// <summary>Where W and summed lines begin in shared memory, behind two slices of either operand.</summary>
    public const int OfW = 2 * LargestSlice, OfLines = 2 * OfW;

    /// <summary>One thread.</summary>
    /// <param name="a">A interleaved by the block's edge, K padded with zeros to whole slices, and behind it its summed lines, interleaved by as many as a block takes.</param>
    /// <param name="w">W likewise.</param>
    /// <param name="plan">Starts of the fault blocks, the end, then the flips (<see cref="PackedPlan"/>).</param>
    /// <param name="c">Takes C [padded rows, Stride].</param>
    /// <param name="rowParts">Takes the sum of each row over four columns [padded rows, Stride / 4].</param>
    /// <param name="columnParts">Takes the sum of each column over eight rows [padded rows / 8, Stride].</param>
    /// <param name="e">Extents; a tile of 0 leaves the parts alone.</param>
    /// <param name="order">Which blocks a group finds at its place.</param>
    public static void Run<TSize, TLines>(
        ArrayView<float> a, ArrayView<float> w, ArrayView<int> plan, ArrayView<float> c, ArrayView<float> rowParts, ArrayView<float> columnParts, FloatExtents e, BlockOrder order)
        where TSize : struct, IBlockSize
        where TLines : struct, IBlockLines
    {
        var shared = SharedMemory.Allocate<float>(OfLines + FloatBlockChecks.LargestLines);
        int edge = TSize.Edge, half = edge / 2, across = e.PaddedColumns / edge, down = e.PaddedRows / edge;
        int top = Group.IdxX / (edge / FloatSquare.Edge) * FloatSquare.Edge, left = Group.IdxX % (edge / FloatSquare.Edge) * FloatSquare.Half;
        int block = Grid.IdxX, further = block - order.Whole;
        if (further < 0)
        {
            int row = block / across * edge, column = block % across * edge;
            var sums = Multiply<TSize, WholeBlock, TLines>(shared, a, row * e.Depth, w, column * e.Depth, edge, top, left, row, column, 0, e);
            FloatBlockEpilogue.Run<WholeBlock>(sums.Product, plan, c, rowParts, columnParts, row + top, column + left, half, e);
            if (TLines.Count > 0)
                FloatBlockChecks.Store<TSize, WholeBlock, TLines>(sums.Checks, c, row, column, 0, e);
            return;
        }

        if (further < order.Halves)
        {
            block = order.Whole + further / 2;
            int row = block / across * edge, column = block % across * edge, right = further % 2 * half;
            var sums = Multiply<TSize, HalfBlock, TLines>(shared, a, row * e.Depth, w, column * e.Depth + right, edge, top, left, row, column, right, e);
            FloatBlockEpilogue.Run<HalfBlock>(sums.Product, plan, c, rowParts, columnParts, row + top, column + right + left, half, e);
            if (TLines.Count > 0)
                FloatBlockChecks.Store<TSize, HalfBlock, TLines>(sums.Checks, c, row, column, right, e);
            return;
        }

        if (TLines.Count > 0)
            return;

        // An operand with the other's summed lines.
        further -= order.Halves;
        var ofRows = further < order.OfRows;
        further = ofRows ? further : further - order.OfRows;
        int width = ofRows ? order.Columns : order.Rows, blocks = ofRows ? down : across;
        int first = further % blocks * edge, line = (ofRows ? e.PaddedColumns : e.PaddedRows) + further / blocks * width;
        var upper = ofRows ? a : w;
        var beside = ofRows ? w : a;
        if (width == half)
        {
            var sum = Multiply<TSize, HalfBlock, NoLines>(shared, upper, first * e.Depth, beside, line * e.Depth, half, top, left, 0, 0, 0, e).Product;
            if (ofRows)
                FloatBlockEpilogue.StoreLeft(c, (first + top) * e.Stride + line + left, e.Stride, sum);
            else
                FloatBlockEpilogue.StoreTransposed(c, (line + left) * e.Stride + first + top, e.Stride, sum);
        }
        else
        {
            left /= FloatSquare.Half;
            var sum = Multiply<TSize, ThinBlock, NoLines>(shared, upper, first * e.Depth, beside, line * e.Depth, width, top, left, 0, 0, 0, e).Product;
            if (ofRows)
                FloatBlockEpilogue.StoreFirst(c, (first + top) * e.Stride + line + left, e.Stride, sum);
            else
                FloatBlockEpilogue.StoreFirst(c, (line + left) * e.Stride + first + top, 1, sum);
        }
    }

    /// <summary>A thread's accumulators, K done.</summary>
    private static FloatBlockSums Multiply<TSize, TShare, TLines>(
        ArrayView<float> shared, ArrayView<float> a, int sourceA, ArrayView<float> w, int sourceW, int step, int top, int left, int row, int column, int right, FloatExtents e)
        where TSize : struct, IBlockSize
        where TShare : struct, IBlockShare
        where TLines : struct, IBlockLines
    {
        // Places count quads where threads have quads of their own: a place in values would cost a shift each.
        int depth = e.Depth, deep = TSize.Edge / 16, slice = deep * TSize.Edge / 4, last = (depth - deep) * (TSize.Edge / 4), forward = slice, lastW = last;
        int carriedW = Group.IdxX, fromA = sourceA / 4 + Group.IdxX, fromW = sourceW / 4 + Group.IdxX;
        var carries = true;
        if (TShare.Columns != WholeBlock.Columns)
        {
            // Fewer columns: some of the threads carry a quad of them. They stand as far apart as those of whole blocks.
            var across = TShare.Columns * TSize.Edge / 32;
            int k = Group.IdxX / across, quad = Group.IdxX % across;
            carries = Group.IdxX < deep * across;
            carriedW = k * (TSize.Edge / 4) + quad;
            forward = deep * (step / 4);
            lastW = (depth - deep) * (step / 4);
            fromW = sourceW / 4 + k * (step / 4) + quad;
        }

        ArrayView<FloatQuad> quadsA = FloatQuad.In(a), quadsW = FloatQuad.In(w), quads = FloatQuad.In(shared);
        FloatQuad nextA = quadsA[fromA], nextW = default;
        if (carries)
            nextW = quadsW[fromW];
        // Places that move along with the loop: an assembler short of registers would else work them out anew in every round.
        int places = 0, lines = 0;
        if (TLines.Count > 0)
        {
            places = FloatBlockChecks.Places<TSize, TShare>(right);
            lines = FloatBlockChecks.Lines<TSize, TShare, TLines>();
            FloatBlockChecks.Carry<TSize, TLines>(shared, a, w, row, column, 0, e);
        }

        FloatSquare sum = default, checks = default;
        int buffer = 0, atW = 0;
        for (var at = 0; at <= last; at += slice)
        {
            quads[buffer + Group.IdxX] = nextA;
            if (carries)
                quads.SubView(buffer + carriedW)[OfW / 4] = nextW;
            Group.Barrier();

            // Before the next slice is under way: registers are free.
            if (TLines.Count > 0 && FloatBlockChecks.IsDue<TSize>(at))
                FloatBlockChecks.Carry<TSize, TLines>(shared, a, w, row, column, at / (TSize.Edge / 4), e);

            // Past the last slice the last is fetched again and never used: every thread does the same work between barriers.
            var next = IntrinsicMath.Min(at + slice, last);
            nextA = quadsA[fromA + next];
            if (TShare.Columns == WholeBlock.Columns)
            {
                nextW = quadsW[fromW + next];
            }
            else
            {
                atW += forward;
                if (carries)
                    nextW = quadsW[fromW + IntrinsicMath.Min(atW, lastW)];
            }

            // From a view's first element on at constant places: that costs no arithmetic.
            var upper = quads.SubView(buffer + top / 4);
            var beside = TShare.Columns == ThinBlock.Columns ? shared.SubView(buffer * 4 + left) : shared.SubView((buffer + left / 4) * 4);
            sum = Step<TSize, TShare>(sum, upper, beside, 0);
            if (TSize.Edge > 16)
                sum = Step<TSize, TShare>(sum, upper, beside, 1);
            if (TSize.Edge > 32)
            {
                sum = Step<TSize, TShare>(sum, upper, beside, 2);
                sum = Step<TSize, TShare>(sum, upper, beside, 3);
            }

            if (TSize.Edge > 64)
            {
                sum = Step<TSize, TShare>(sum, upper, beside, 4);
                sum = Step<TSize, TShare>(sum, upper, beside, 5);
                sum = Step<TSize, TShare>(sum, upper, beside, 6);
                sum = Step<TSize, TShare>(sum, upper, beside, 7);
            }

            if (TLines.Count > 0)
            {
                checks = FloatBlockChecks.Slice<TSize, TShare, TLines>(checks, shared.SubView(places), shared.SubView(lines));
                places ^= LargestSlice;
                lines = FloatBlockChecks.Next<TSize, TLines>(lines);
            }

            buffer ^= LargestSlice / 4;
        }

        return new(sum, checks);
    }

    private static FloatSquare Step<TSize, TShare>(FloatSquare sum, ArrayView<FloatQuad> a, ArrayView<float> w, int k)
        where TSize : struct, IBlockSize
        where TShare : struct, IBlockShare
    {
        var at = k * TSize.Edge / 4;
        FloatLanes4 upper = FloatQuad.Lanes(a[at]), lower = FloatQuad.Lanes(a[at + 1]);
        if (TShare.Columns == ThinBlock.Columns)
            return FloatSquare.MultiplyAddFirst(sum, upper, lower, w[OfW + k * TSize.Edge]);
        var quads = FloatQuad.In(w);
        at += OfW / 4;
        return TShare.Columns == WholeBlock.Columns
            ? FloatSquare.MultiplyAdd(sum, upper, lower, new FloatLanes8(FloatQuad.Lanes(quads[at]), FloatQuad.Lanes(quads[at + TSize.Edge / 8])))
            : FloatSquare.MultiplyAddLeft(sum, upper, lower, FloatQuad.Lanes(quads[at]));
    }
}
