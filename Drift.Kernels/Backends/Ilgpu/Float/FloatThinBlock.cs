using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary>What a thread carries of four slices: a quad of A of each, and perhaps one of W.</summary>
internal readonly struct ThinSlices(FloatQuad a, FloatQuad b, FloatQuad c, FloatQuad d, FloatQuad w)
{
    public readonly FloatQuad A = a, B = b, C = c, D = d, W = w;
}

/// <summary>
/// A thin block of <see cref="FloatBlockKernel"/>, for summed lines that are few: an eighth as many columns as rows, a thread 4 x 2 of it. A slice is over long before the next one could have come, so four
/// at a time pass through one buffer, and all loads of the next four are under way meanwhile.
/// </summary>
internal static class FloatThinBlock
{
    // Slices that pass at once; rows and columns of a thread.
    private const int Together = 4, Rows = 4, Columns = 2;

    /// <summary>A thread's accumulators, in the first two columns of four rows, with the products of some slices, behind those of the slices before.</summary>
    /// <param name="shared">Memory of the group.</param>
    /// <param name="a">Lines interleaved by the block's edge.</param>
    /// <param name="sourceA">Where the block's begin.</param>
    /// <param name="w">Lines interleaved by an eighth of it.</param>
    /// <param name="sourceW">Where the block's begin.</param>
    /// <param name="between">What groups leave each other.</param>
    /// <param name="from">First slice.</param>
    /// <param name="to">The slice behind the last.</param>
    public static FloatSquare Multiply<TSize, TCuts>(ArrayView<float> shared, ArrayView<float> a, int sourceA, ArrayView<float> w, int sourceW, SharedBlocks between, int from, int to)
        where TSize : struct, IBlockSize
        where TCuts : struct, IBlockCuts
    {
        int slice = Slice<TSize>(), sliceW = slice / 8, width = TSize.Edge / 8, left = Left<TSize>(), top = Top<TSize>() / Rows;
        int fromA = sourceA / 4 + from * slice + Group.IdxX, fromW = sourceW / 4 + from * sliceW;
        var carries = Group.IdxX < Together * sliceW;
        ArrayView<FloatQuad> quadsA = FloatQuad.In(a), quadsW = FloatQuad.In(w), quads = FloatQuad.In(shared);
        var pairs = FloatPair.In(shared);
        var next = Load<TSize>(quadsA, fromA, quadsW, fromW, to - from);
        FloatSquare sum = default;
        if (TCuts.Any && from > 0)
            sum = between.TakePairs();
        for (var slices = to - from; slices > 0; slices -= Together)
        {
            quads[Group.IdxX] = next.A;
            quads[Group.IdxX + slice] = next.B;
            quads[Group.IdxX + 2 * slice] = next.C;
            quads[Group.IdxX + 3 * slice] = next.D;
            if (carries)
                quads[Group.IdxX + Together * slice] = next.W;
            Group.Barrier();

            // Past the last slices they are fetched again and never used.
            if (slices > Together)
            {
                fromA += Together * slice;
                fromW += Together * sliceW;
            }

            next = Load<TSize>(quadsA, fromA, quadsW, fromW, slices > Together ? slices - Together : slices);
            var deepest = IntrinsicMath.Min(slices, Together) * (TSize.Edge / 16);
            for (var k = 0; k < deepest; k += 4)
            {
                var upper = quads.SubView(k * TSize.Edge / 4 + top);
                var beside = pairs.SubView((Together * slice * 4 + k * width + left) / Columns);
                sum = Step<TSize>(sum, upper, beside, 0);
                sum = Step<TSize>(sum, upper, beside, 1);
                sum = Step<TSize>(sum, upper, beside, 2);
                sum = Step<TSize>(sum, upper, beside, 3);
            }

            Group.Barrier();
        }

        return sum;
    }

    /// <summary>Stores the sums, a row's neighbours a step apart.</summary>
    /// <param name="sum">Accumulators.</param>
    /// <param name="c">Takes them.</param>
    /// <param name="at">Where the block's first one goes.</param>
    /// <param name="down">From one row of the block to the next.</param>
    /// <param name="across">From one column of the block to the next.</param>
    public static void Store<TSize>(FloatSquare sum, ArrayView<float> c, int at, int down, int across)
        where TSize : struct, IBlockSize
    {
        at += Top<TSize>() * down + Left<TSize>() * across;
        Store(c, at, across, sum.A.Left);
        Store(c, at + down, across, sum.B.Left);
        Store(c, at + 2 * down, across, sum.C.Left);
        Store(c, at + 3 * down, across, sum.D.Left);
    }

    private static void Store(ArrayView<float> c, int at, int across, FloatLanes4 x)
    {
        c[at] = x.A;
        c[at + across] = x.B;
    }

    /// <summary>A thread's first row.</summary>
    private static int Top<TSize>()
        where TSize : struct, IBlockSize => Group.IdxX / (TSize.Edge / 8 / Columns) * Rows;

    /// <summary>A thread's first column.</summary>
    private static int Left<TSize>()
        where TSize : struct, IBlockSize => (Group.IdxX & (TSize.Edge / 8 / Columns - 1)) * Columns;

    /// <summary>Quads of a slice of A, one a thread.</summary>
    private static int Slice<TSize>()
        where TSize : struct, IBlockSize => TSize.Edge / 16 * TSize.Edge / 4;

    /// <summary>A thread's quads of four slices; where fewer are left, of the last one more than once.</summary>
    private static ThinSlices Load<TSize>(ArrayView<FloatQuad> a, int fromA, ArrayView<FloatQuad> w, int fromW, int slices)
        where TSize : struct, IBlockSize
    {
        int slice = Slice<TSize>(), last = slices - 1, inW = IntrinsicMath.Min(Group.IdxX, slices * (slice / 8) - 1);
        return new(
            a[fromA], a[fromA + IntrinsicMath.Min(1, last) * slice], a[fromA + IntrinsicMath.Min(2, last) * slice], a[fromA + IntrinsicMath.Min(3, last) * slice], w[fromW + inW]);
    }

    private static FloatSquare Step<TSize>(FloatSquare sum, ArrayView<FloatQuad> a, ArrayView<FloatPair> w, int k)
        where TSize : struct, IBlockSize
    {
        var rows = FloatQuad.Lanes(a[k * TSize.Edge / Rows]);
        var columns = w[k * (TSize.Edge / 8) / Columns];
        return FloatSquare.MultiplyAddPair(sum, rows, columns.A, columns.B);
    }
}
