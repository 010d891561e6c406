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

    /// <summary>One thread.</summary>
    /// <param name="a">A interleaved by the block's edge, K padded with zeros to whole slices, and behind it its summed lines, interleaved by as many as a block takes.</param>
    /// <param name="w">W likewise.</param>
    /// <param name="plan">Starts of the fault blocks, the end, then the flips (<see cref="PackedPlan"/>).</param>
    /// <param name="c">Takes C [padded rows, Stride].</param>
    /// <param name="rowParts">Takes the sum of each row over four columns [padded rows, Stride / 4].</param>
    /// <param name="columnParts">Takes the sum of each column over eight rows [padded rows / 8, Stride].</param>
    /// <param name="e">Extents; a tile of 0 leaves the parts alone.</param>
    /// <param name="order">Which blocks a group finds at its place.</param>
    public static void Run<TSize>(
        ArrayView<float> a, ArrayView<float> w, ArrayView<int> plan, ArrayView<float> c, ArrayView<float> rowParts, ArrayView<float> columnParts, FloatExtents e, BlockOrder order)
        where TSize : struct, IBlockSize
    {
        var sharedA = SharedMemory.Allocate<float>(2 * LargestSlice);
        var sharedW = SharedMemory.Allocate<float>(2 * LargestSlice);
        int edge = TSize.Edge, half = edge / 2, across = e.PaddedColumns / edge, down = e.PaddedRows / edge;
        int top = Group.IdxX / (edge / FloatSquare.Edge) * FloatSquare.Edge, left = Group.IdxX % (edge / FloatSquare.Edge) * FloatSquare.Half;
        int block = Grid.IdxX, further = block - order.Whole;
        if (further < 0)
        {
            int row = block / across * edge, column = block % across * edge;
            var sum = Multiply<TSize, WholeBlock>(sharedA, sharedW, a, row * e.Depth, w, column * e.Depth, edge, top, left, e.Depth);
            FloatBlockEpilogue.Run<WholeBlock>(sum, plan, c, rowParts, columnParts, row + top, column + left, half, e);
            return;
        }

        if (further < order.Halves)
        {
            block = order.Whole + further / 2;
            int row = block / across * edge, column = block % across * edge, right = further % 2 * half;
            var sum = Multiply<TSize, HalfBlock>(sharedA, sharedW, a, row * e.Depth, w, column * e.Depth + right, edge, top, left, e.Depth);
            FloatBlockEpilogue.Run<HalfBlock>(sum, plan, c, rowParts, columnParts, row + top, column + right + left, half, e);
            return;
        }

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
            var sum = Multiply<TSize, HalfBlock>(sharedA, sharedW, upper, first * e.Depth, beside, line * e.Depth, half, top, left, e.Depth);
            if (ofRows)
                FloatBlockEpilogue.StoreLeft(c, (first + top) * e.Stride + line + left, e.Stride, sum);
            else
                FloatBlockEpilogue.StoreTransposed(c, (line + left) * e.Stride + first + top, e.Stride, sum);
        }
        else
        {
            left /= FloatSquare.Half;
            var sum = Multiply<TSize, ThinBlock>(sharedA, sharedW, upper, first * e.Depth, beside, line * e.Depth, width, top, left, e.Depth);
            if (ofRows)
                FloatBlockEpilogue.StoreFirst(c, (first + top) * e.Stride + line + left, e.Stride, sum);
            else
                FloatBlockEpilogue.StoreFirst(c, (line + left) * e.Stride + first + top, 1, sum);
        }
    }

    /// <summary>A thread's accumulators, K done.</summary>
    private static FloatSquare Multiply<TSize, TShare>(
        ArrayView<float> sharedA, ArrayView<float> sharedW, ArrayView<float> a, int sourceA, ArrayView<float> w, int sourceW, int step, int top, int left, int depth)
        where TSize : struct, IBlockSize
        where TShare : struct, IBlockShare
    {
        int slice = TSize.Edge / 16 * TSize.Edge, last = (depth - TSize.Edge / 16) * TSize.Edge, forward = slice, lastW = last;
        var carried = Group.IdxX * 4;
        var carries = true;
        sourceA += carried;
        if (TShare.Columns == WholeBlock.Columns)
        {
            sourceW += carried;
        }
        else
        {
            // Fewer columns: some of the threads carry a quad of them.
            var quads = TShare.Columns * TSize.Edge / 32;
            carries = Group.IdxX < TSize.Edge / 16 * quads;
            forward = TSize.Edge / 16 * step;
            lastW = (depth - TSize.Edge / 16) * step;
            sourceW += Group.IdxX / quads * step + Group.IdxX % quads * 4;
        }

        FloatLanes4 nextA = FloatQuad.Load(a, sourceA), nextW = default;
        if (carries)
            nextW = FloatQuad.Load(w, sourceW);
        var sum = default(FloatSquare);
        int buffer = 0, atW = 0;
        for (var at = 0; at <= last; at += slice)
        {
            FloatQuad.Store(sharedA, buffer + carried, nextA);
            if (carries)
                FloatQuad.Store(sharedW, buffer + carried, nextW);
            Group.Barrier();

            // Past the last slice the last is fetched again and never used: every thread does the same work between barriers.
            nextA = FloatQuad.Load(a, sourceA + IntrinsicMath.Min(at + slice, last));
            atW += forward;
            if (carries)
                nextW = FloatQuad.Load(w, sourceW + IntrinsicMath.Min(atW, lastW));

            // From a view's first element on at constant places: that costs no arithmetic.
            var fromA = FloatQuad.In(sharedA).SubView((buffer + top) / 4);
            var fromW = sharedW.SubView(buffer + left);
            sum = Step<TSize, TShare>(sum, fromA, fromW, 0);
            if (TSize.Edge > 16)
                sum = Step<TSize, TShare>(sum, fromA, fromW, 1);
            if (TSize.Edge > 32)
            {
                sum = Step<TSize, TShare>(sum, fromA, fromW, 2);
                sum = Step<TSize, TShare>(sum, fromA, fromW, 3);
            }

            if (TSize.Edge > 64)
            {
                sum = Step<TSize, TShare>(sum, fromA, fromW, 4);
                sum = Step<TSize, TShare>(sum, fromA, fromW, 5);
                sum = Step<TSize, TShare>(sum, fromA, fromW, 6);
                sum = Step<TSize, TShare>(sum, fromA, fromW, 7);
            }

            buffer = LargestSlice - buffer;
        }

        return sum;
    }

    private static FloatSquare Step<TSize, TShare>(FloatSquare sum, ArrayView<FloatQuad> a, ArrayView<float> w, int k)
        where TSize : struct, IBlockSize
        where TShare : struct, IBlockShare
    {
        var at = k * TSize.Edge / 4;
        FloatLanes4 upper = FloatQuad.Lanes(a[at]), lower = FloatQuad.Lanes(a[at + 1]);
        if (TShare.Columns == ThinBlock.Columns)
            return FloatSquare.MultiplyAddFirst(sum, upper, lower, w[k * TSize.Edge / 8]);
        var quads = FloatQuad.In(w);
        return TShare.Columns == WholeBlock.Columns
            ? FloatSquare.MultiplyAdd(sum, upper, lower, new FloatLanes8(FloatQuad.Lanes(quads[at]), FloatQuad.Lanes(quads[at + TSize.Edge / 8])))
            : FloatSquare.MultiplyAddLeft(sum, upper, lower, FloatQuad.Lanes(quads[at / 2]));
    }
}
