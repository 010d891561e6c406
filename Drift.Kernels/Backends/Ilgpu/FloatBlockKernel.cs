using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary>How large a block is. A constant that the compiler folds: a size is a kernel of its own.</summary>
internal interface IBlockSize
{
    /// <summary>Edge of the block, 16 times a power of two up to 128.</summary>
    static abstract int Edge { get; }
}

/// <summary>The size for GPUs: 256 threads.</summary>
internal readonly struct Block128 : IBlockSize
{
    /// <inheritdoc/>
    public static int Edge => 128;
}

/// <summary>The size for GPUs where larger blocks would not fill them: 64 threads.</summary>
internal readonly struct Block64 : IBlockSize
{
    /// <inheritdoc/>
    public static int Edge => 64;
}

/// <summary>The size for the simulator, where a thread is a thread of the system: 4 threads.</summary>
internal readonly struct Block16 : IBlockSize
{
    /// <inheritdoc/>
    public static int Edge => 16;
}

/// <summary>
/// The fp32 product with shared memory: a group multiplies a block, a thread 8 x 8 of it, rows beside each other, columns four on either half so that the words that neighbours read stand in
/// neighbouring banks. Slices along k pass through two buffers in turn, one barrier a slice; the next one travels in registers meanwhile. As many k a slice as make
/// every thread carry one quad of either operand. Same chains, so same bits, as <see cref="FloatDirectKernel"/>; check rows and columns likewise.
/// </summary>
internal static class FloatBlockKernel
{
    private const int LargestSlice = 128 * 8;

    /// <summary>One thread.</summary>
    /// <param name="a">A interleaved by the block's edge, K padded with zeros to whole slices.</param>
    /// <param name="w">W likewise.</param>
    /// <param name="plan">Starts of the fault blocks, the end, then the flips (<see cref="PackedPlan"/>).</param>
    /// <param name="c">Takes C [padded rows, Stride].</param>
    /// <param name="rowParts">Takes the sum of each row over four columns [padded rows, Stride / 4].</param>
    /// <param name="columnParts">Takes the sum of each column over eight rows [padded rows / 8, Stride].</param>
    /// <param name="e">Extents; a tile of 0 leaves the parts alone.</param>
    public static void Run<TSize>(
        ArrayView<float> a, ArrayView<float> w, ArrayView<int> plan, ArrayView<float> c, ArrayView<float> rowParts, ArrayView<float> columnParts, FloatExtents e)
        where TSize : struct, IBlockSize
    {
        var sharedA = SharedMemory.Allocate<float>(2 * LargestSlice);
        var sharedW = SharedMemory.Allocate<float>(2 * LargestSlice);
        int depth = TSize.Edge / 16, slice = depth * TSize.Edge, half = TSize.Edge / 2;
        int carried = Group.IdxX * 4, across = TSize.Edge / FloatSquare.Edge, top = Group.IdxX / across * FloatSquare.Edge, left = Group.IdxX % across * FloatSquare.Half;
        int blockRow = Grid.IdxY * TSize.Edge, blockColumn = Grid.IdxX * TSize.Edge;
        int sourceA = blockRow * e.Depth + carried, sourceW = blockColumn * e.Depth + carried, last = (e.Depth - depth) * TSize.Edge;
        FloatLanes4 nextA = FloatQuad.Load(a, sourceA), nextW = FloatQuad.Load(w, sourceW);
        var sum = default(FloatSquare);
        var buffer = 0;
        for (var at = 0; at <= last; at += slice)
        {
            FloatQuad.Store(sharedA, buffer + carried, nextA);
            FloatQuad.Store(sharedW, buffer + carried, nextW);
            Group.Barrier();

            // Past the last slice the last is fetched again and never used: every thread does the same work between barriers.
            var next = IntrinsicMath.Min(at + slice, last);
            nextA = FloatQuad.Load(a, sourceA + next);
            nextW = FloatQuad.Load(w, sourceW + next);

            // From a view's first element on at constant places: that costs no arithmetic.
            var fromA = FloatQuad.In(sharedA).SubView((buffer + top) / 4);
            var fromW = FloatQuad.In(sharedW).SubView((buffer + left) / 4);
            sum = Step<TSize>(sum, fromA, fromW, 0);
            if (TSize.Edge > 16)
                sum = Step<TSize>(sum, fromA, fromW, 1);
            if (TSize.Edge > 32)
            {
                sum = Step<TSize>(sum, fromA, fromW, 2);
                sum = Step<TSize>(sum, fromA, fromW, 3);
            }

            if (TSize.Edge > 64)
            {
                sum = Step<TSize>(sum, fromA, fromW, 4);
                sum = Step<TSize>(sum, fromA, fromW, 5);
                sum = Step<TSize>(sum, fromA, fromW, 6);
                sum = Step<TSize>(sum, fromA, fromW, 7);
            }

            buffer = LargestSlice - buffer;
        }

        FloatBlockEpilogue.Run(sum, plan, c, rowParts, columnParts, blockRow + top, blockColumn + left, half, e);
    }

    private static FloatSquare Step<TSize>(FloatSquare sum, ArrayView<FloatQuad> a, ArrayView<FloatQuad> w, int k)
        where TSize : struct, IBlockSize
    {
        int at = k * TSize.Edge / 4, half = TSize.Edge / 8;
        return FloatSquare.MultiplyAdd(sum, FloatQuad.Lanes(a[at]), FloatQuad.Lanes(a[at + 1]), new FloatLanes8(FloatQuad.Lanes(w[at]), FloatQuad.Lanes(w[at + half])));
    }
}
