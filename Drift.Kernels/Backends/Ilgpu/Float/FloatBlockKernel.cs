using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary>
/// The fp32 product with shared memory: a group multiplies blocks, a thread 8 x 8 of each, rows beside each other, columns four on either half so that the words that neighbours read stand in
/// neighbouring banks; of half a block the left four. Slices along k pass through two buffers in turn, one barrier a slice; the next one travels in registers meanwhile. As many k a slice as make
/// every thread carry one quad of either operand. Same chains, so same bits, as <see cref="FloatDirectKernel"/>; blocks past the product's own multiply an operand with the other's summed lines, the
/// expected sums, each again one chain.
/// </summary>
internal static class FloatBlockKernel
{
    private const int LargestSlice = 128 * 8;

    /// <summary>Where W begins in shared memory, behind two slices of A.</summary>
    public const int OfW = 2 * LargestSlice;

    /// <summary>One thread.</summary>
    /// <param name="a">A interleaved by the block's edge, K padded with zeros to whole slices, and behind it its summed lines, interleaved by as many as a block takes.</param>
    /// <param name="w">W likewise.</param>
    /// <param name="plan">Starts of the fault blocks, the end, then the flips (<see cref="PackedPlan"/>).</param>
    /// <param name="c">Takes C [padded rows, Stride].</param>
    /// <param name="rowSums">Takes observed row sums, or their parts (<see cref="FloatBlockEpilogue"/>).</param>
    /// <param name="columnSums">Takes observed column sums likewise.</param>
    /// <param name="between">What groups leave each other.</param>
    /// <param name="e">Extents; a tile of 0 leaves the sums alone.</param>
    /// <param name="order">Which blocks a group finds at its place.</param>
    public static void Run<TSize, TCuts>(
        ArrayView<float> a, ArrayView<float> w, ArrayView<int> plan, ArrayView<float> c, ArrayView<float> rowSums, ArrayView<float> columnSums, SharedBlocks between, FloatExtents e, BlockOrder order)
        where TSize : struct, IBlockSize
        where TCuts : struct, IBlockCuts
    {
        var shared = SharedMemory.Allocate<float>(FloatBlockEpilogue.SharedValues);
        BlockCut first = order.Cut(Grid.IdxX), last = order.Cut(Grid.IdxX + 1);
        int whole = first.Slice > 0 ? first.Block + 1 : first.Block, plain = order.Rounds + last.Block - whole, end = first.Slice > 0 ? plain + 1 : plain;

        // The beginning of the block that the share ends in comes first, since the next group waits for it; the rest of the one that it begins with last, since that may have to be waited for.
        for (var item = TCuts.Any && last.Slice > 0 ? -1 : 0; item < end; item++)
        {
            int block = whole + item - order.Rounds, from = 0, to = order.Slices;
            if (TCuts.Any && item < 0)
            {
                block = last.Block;
                to = last.Slice;
            }
            else if (item < order.Rounds)
            {
                block = item * order.Groups + Grid.IdxX;
            }
            else if (TCuts.Any && item >= plain)
            {
                block = first.Block;
                from = first.Slice;
                between.Await();
            }

            if (block < order.Product)
                Product<TSize, TCuts>(shared, a, w, plan, c, rowSums, columnSums, between, block, from, to, e, order);
            else
                Lines<TSize, TCuts>(shared, a, w, c, between, block - order.Product, from, to, e, order);
        }
    }

    private static void Product<TSize, TCuts>(
        ArrayView<float> shared, ArrayView<float> a, ArrayView<float> w, ArrayView<int> plan, ArrayView<float> c, ArrayView<float> rowSums, ArrayView<float> columnSums, SharedBlocks between,
        int block, int from, int to, FloatExtents e, BlockOrder order)
        where TSize : struct, IBlockSize
        where TCuts : struct, IBlockCuts
    {
        int edge = TSize.Edge, across = e.PaddedColumns / order.Width, row = block / across * edge, column = block % across * order.Width, right = column % edge;
        if (order.Width == edge)
        {
            var sum = Multiply<TSize, WholeBlock, TCuts>(shared, a, row * e.Depth, w, column * e.Depth, edge, between, from, to);
            if (TCuts.Any && to < order.Slices)
                between.Leave<WholeBlock>(sum);
            else
                FloatBlockEpilogue.Run<TSize, WholeBlock>(sum, shared, plan, c, rowSums, columnSums, row, column, order.Tiles, e);
        }
        else
        {
            var sum = Multiply<TSize, HalfBlock, TCuts>(shared, a, row * e.Depth, w, (column - right) * e.Depth + right, edge, between, from, to);
            if (TCuts.Any && to < order.Slices)
                between.Leave<HalfBlock>(sum);
            else
                FloatBlockEpilogue.Run<TSize, HalfBlock>(sum, shared, plan, c, rowSums, columnSums, row, column, order.Tiles, e);
        }
    }

    /// <summary>An operand with the other's summed lines.</summary>
    private static void Lines<TSize, TCuts>(
        ArrayView<float> shared, ArrayView<float> a, ArrayView<float> w, ArrayView<float> c, SharedBlocks between, int block, int from, int to, FloatExtents e, BlockOrder order)
        where TSize : struct, IBlockSize
        where TCuts : struct, IBlockCuts
    {
        int edge = TSize.Edge, half = edge / 2;
        var ofRows = block < order.OfRows.Count;
        block = ofRows ? block : block - order.OfRows.Count;
        int width = ofRows ? order.OfRows.Width : order.OfColumns.Width, blocks = (ofRows ? e.PaddedRows : e.PaddedColumns) / edge;
        int first = block % blocks * edge, line = (ofRows ? e.PaddedColumns : e.PaddedRows) + block / blocks * width;
        var upper = ofRows ? a : w;
        var beside = ofRows ? w : a;
        if (width == half)
        {
            var sum = Multiply<TSize, HalfBlock, TCuts>(shared, upper, first * e.Depth, beside, line * e.Depth, half, between, from, to);
            int at = first + Top<TSize>();
            line += Left<TSize>();
            if (TCuts.Any && to < order.Slices)
                between.Leave<HalfBlock>(sum);
            else if (ofRows)
                FloatBlockEpilogue.StoreLeft(c, at * e.Stride + line, e.Stride, sum);
            else
                FloatBlockEpilogue.StoreTransposed(c, line * e.Stride + at, e.Stride, sum);
        }
        else
        {
            var sum = FloatThinBlock.Multiply<TSize, TCuts>(shared, upper, first * e.Depth, beside, line * e.Depth, between, from, to);
            if (TCuts.Any && to < order.Slices)
                between.LeavePairs(sum);
            else if (ofRows)
                FloatThinBlock.Store<TSize>(sum, c, first * e.Stride + line, e.Stride, 1);
            else
                FloatThinBlock.Store<TSize>(sum, c, line * e.Stride + first, 1, e.Stride);
        }

        // The next block's first slice takes the place of this one's last.
        Group.Barrier();
    }

    /// <summary>A thread's first row of its block.</summary>
    public static int Top<TSize>()
        where TSize : struct, IBlockSize => Group.IdxX / (TSize.Edge / FloatSquare.Edge) * FloatSquare.Edge;

    /// <summary>A thread's first column of its block. Edges are powers of two, and a remainder, which the assembler would take anew in every slice, is bits.</summary>
    public static int Left<TSize>()
        where TSize : struct, IBlockSize => (Group.IdxX & (TSize.Edge / FloatSquare.Edge - 1)) * FloatSquare.Half;

    /// <summary>A thread's accumulators with the products of some slices, behind those of the slices before.</summary>
    private static FloatSquare Multiply<TSize, TShare, TCuts>(ArrayView<float> shared, ArrayView<float> a, int sourceA, ArrayView<float> w, int sourceW, int step, SharedBlocks between, int from, int to)
        where TSize : struct, IBlockSize
        where TShare : struct, IBlockShare
        where TCuts : struct, IBlockCuts
    {
        // Places count quads where threads have quads of their own: a place in values would cost a shift each.
        int deep = TSize.Edge / 16, slice = deep * TSize.Edge / 4, forward = slice, top = Top<TSize>(), left = Left<TSize>();
        int carriedW = Group.IdxX, fromA = sourceA / 4 + from * slice + Group.IdxX, fromW = sourceW / 4 + from * slice + Group.IdxX;
        var carries = true;
        if (TShare.Columns != WholeBlock.Columns)
        {
            // Fewer columns: some of the threads carry a quad of them. They stand as far apart as those of whole blocks.
            var across = TShare.Columns * TSize.Edge / 32;
            int k = Group.IdxX / across, quad = Group.IdxX & (across - 1);
            carries = Group.IdxX < deep * across;
            carriedW = k * (TSize.Edge / 4) + quad;
            forward = deep * (step / 4);
            fromW = sourceW / 4 + from * forward + k * (step / 4) + quad;
        }

        ArrayView<FloatQuad> quadsA = FloatQuad.In(a), quadsW = FloatQuad.In(w), quads = FloatQuad.In(shared);
        FloatQuad nextA = quadsA[fromA], nextW = default;
        if (carries)
            nextW = quadsW[fromW];

        FloatSquare sum = default;
        if (TCuts.Any && from > 0)
            sum = between.Take<TShare>();
        var buffer = 0;
        // Places move along with the loop: an assembler short of registers would else work out anew in every round where the block begins.
        for (var slices = to - from; slices > 0; slices--)
        {
            quads[buffer + Group.IdxX] = nextA;
            if (carries)
                quads.SubView(buffer + carriedW)[OfW / 4] = nextW;
            Group.Barrier();

            // Past the last slice the last is fetched again and never used: every thread does the same work between barriers.
            if (slices > 1)
            {
                fromA += slice;
                fromW += forward;
            }

            nextA = quadsA[fromA];
            if (carries)
                nextW = quadsW[fromW];

            // From a view's first element on at constant places: that costs no arithmetic.
            var upper = quads.SubView(buffer + top / 4);
            var beside = quads.SubView(buffer + left / 4);
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

            buffer ^= LargestSlice / 4;
        }

        return sum;
    }

    private static FloatSquare Step<TSize, TShare>(FloatSquare sum, ArrayView<FloatQuad> a, ArrayView<FloatQuad> w, int k)
        where TSize : struct, IBlockSize
        where TShare : struct, IBlockShare
    {
        var at = k * TSize.Edge / 4;
        FloatLanes4 upper = FloatQuad.Lanes(a[at]), lower = FloatQuad.Lanes(a[at + 1]);
        at += OfW / 4;
        return TShare.Columns == WholeBlock.Columns
            ? FloatSquare.MultiplyAdd(sum, upper, lower, new FloatLanes8(FloatQuad.Lanes(w[at]), FloatQuad.Lanes(w[at + TSize.Edge / 8])))
            : FloatSquare.MultiplyAddLeft(sum, upper, lower, FloatQuad.Lanes(w[at]));
    }
}
