using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary>
/// The product on the matrix units of sm_90: a group multiplies a block of 128 x 128, each of its two warp groups 64 x 128 of it, whose operands the units read from shared memory themselves. Slices of
/// 128 values of k lie in three buffers: one is multiplied, the next has come or is coming, the one after is sent for. One barrier a slice. Flips and observed sums as in <see cref="MatrixKernel"/>.
/// </summary>
internal static class WarpGroupKernel
{
    /// <summary>Words of a slice of an operand along k: 128 values.</summary>
    public const int SliceWords = WarpGroups.LineBytes / 4;

    /// <summary>Rows of a block; it has as many columns.</summary>
    public const int Edge = 2 * WarpGroups.Rows;

    /// <summary>Threads of a group.</summary>
    public const int Threads = 256;

    private const int Buffers = 3, Alignment = 1024;

    // Lines from one that a thread copies a quad of to its next; bytes of a warp group's lines in a slice, of an operand's, of 16 digit lines.
    private const int Apart = Threads / 8, HalfBytes = WarpGroups.Rows * WarpGroups.LineBytes, OperandBytes = 2 * HalfBytes, DigitBytes = DigitLines.OfEight * WarpGroups.LineBytes;

    private const int SliceBytes = 2 * OperandBytes, CheckedBytes = SliceBytes + DigitBytes, TallBytes = 2 * OperandBytes + OperandBytes / 4;

    /// <summary>Words of shared memory that a group needs.</summary>
    /// <param name="withChecks">For <see cref="RunChecked"/>.</param>
    public static int SharedWords(bool withChecks) => (Buffers * (withChecks ? TallBytes : SliceBytes) + Alignment) / 4;

    /// <summary>Whether <see cref="RunChecked"/> takes such tiles: those of a block stand in the same 16 digit lines.</summary>
    public static bool Checks(int tile) => tile is 32 or 64 or 128 or 256;

    /// <summary>One thread. Blocks past the product's own have the expected sums.</summary>
    /// <inheritdoc cref="MatrixKernel.Run"/>
    public static void Run(ArrayView<int> a, ArrayView<int> w, LineViews lines, ArrayView<int> plan, ArrayView<int> c, SumViews sums, GemmExtents e, TileSteps steps)
    {
        var shared = SharedMemory.GetDynamic<int>();
        var block = MatrixBlock.Of(Grid.IdxX, Edge, DigitLines.Rows(steps.Across) / MatrixBlocks.LineColumns, e);
        if (block.Kind == MatrixBlock.OfProduct)
        {
            var tile = WarpGroupEpilogue.Flip(Multiply<WideLines, Int8Element>(shared, a, w, block, e.Words), plan, block, e);
            if (e.Tile > 0)
                WarpGroupEpilogue.Sum(tile, sums, block, shared, e, steps);
            WarpGroupEpilogue.Store(tile, c, block, e);
            return;
        }

        var ofRows = block.Kind == MatrixBlock.OfRows;
        var sum = Multiply<NarrowLines, Int8Element>(shared, ofRows ? a : w, ofRows ? lines.W : lines.A, block, e.Words);
        if (ofRows)
            WarpGroupEpilogue.Expect(sum, sums.ExpectedRows, block, e.Rows, e.TileStride, steps.Across, 1);
        else
            WarpGroupEpilogue.Expect(sum, sums.ExpectedColumns, block, e.Columns, 1, steps.Down, e.Stride);
    }

    /// <summary>
    /// One thread, where <see cref="Checks"/> holds. The expected row sums come of the product's own blocks: the digit lines of a block's tiles are 16 more columns, so A is read once. Lines of W that are
    /// multiplied with those of A have blocks of their own: in the product's they would be rows, 64 at least, of which 8 at most are needed.
    /// </summary>
    /// <inheritdoc cref="MatrixKernel.Run"/>
    public static void RunChecked(ArrayView<int> a, ArrayView<int> w, LineViews lines, ArrayView<int> plan, ArrayView<int> c, SumViews sums, GemmExtents e, TileSteps steps)
    {
        var shared = SharedMemory.GetDynamic<int>();
        var block = MatrixBlock.Of(Grid.IdxX, Edge, 0, e);
        if (block.Kind != MatrixBlock.OfProduct)
        {
            if (steps.Tall > 0)
            {
                block = WarpGroupLaunch.Tall(Grid.IdxX, e);
                var tall = Multiply<TallLines, Int8Element>(shared, w, lines.A, block, e.Words);
                WarpGroupEpilogue.ExpectTall(tall, sums.ExpectedColumns, block, e.Columns, 1, steps.Down, e.Stride);
                return;
            }

            var share = Multiply<NarrowLines, Int8Element>(shared, w, lines.A, block, e.Words);
            WarpGroupEpilogue.Expect(share, sums.ExpectedColumns, block, e.Columns, 1, steps.Down, e.Stride);
            return;
        }

        int copied = Group.IdxX / 8, quad = Group.IdxX & 7, words = e.Words, step = Apart * words, tile = TileSteps.TileOf(steps, block.Column);
        int a0 = (block.Row + copied) * words + quad * 4, w0 = (block.Column + copied) * words + quad * 4, d0 = (DigitLines.First(tile) + copied) * words + quad * 4;
        var first = TensorCores.SharedAddress(ref shared[0]) + Alignment - 1 & -Alignment;
        int to = first + WarpGroups.At(copied, quad), half = Group.IdxX / 128 * HalfBytes;
        Copy(to, a, a0, w, w0, step, lines.W, d0);
        WarpGroups.CloseBatch();
        if (SliceWords < words)
            Copy(to + CheckedBytes, a, a0 + SliceWords, w, w0 + SliceWords, step, lines.W, d0 + SliceWords);
        WarpGroups.CloseBatch();
        CheckedTile sum = default;
        int buffer = 0, after = 2 * CheckedBytes;
        for (var p = 0; p < words; p += SliceWords)
        {
            WarpGroups.AwaitBatch();
            Group.Barrier();
            var next = p + 2 * SliceWords;
            if (next < words)
                Copy(to + after, a, a0 + next, w, w0 + next, step, lines.W, d0 + next);
            WarpGroups.CloseBatch();
            sum = WarpGroups.MultiplyChecked(sum, WarpGroups.Operand(first + buffer + half), WarpGroups.Operand(first + buffer + OperandBytes));
            after = buffer;
            buffer = buffer == (Buffers - 1) * CheckedBytes ? 0 : buffer + CheckedBytes;
        }

        WarpGroupEpilogue.Expect(sum, sums.ExpectedRows, block, tile, e);
        var flipped = WarpGroupEpilogue.Flip(sum.C, plan, block, e);
        WarpGroupEpilogue.Sum(flipped, sums, block, shared, e, steps);
        WarpGroupEpilogue.Store(flipped, c, block, e);
    }

    /// <inheritdoc cref="MatrixKernel.RunHalf"/>
    public static void RunHalf(ArrayView<int> a, ArrayView<int> w, ArrayView<int> plan, ArrayView<int> c, GemmExtents e)
    {
        var shared = SharedMemory.GetDynamic<int>();
        var block = MatrixBlock.Of(Grid.IdxX, Edge, 0, e);
        WarpGroupEpilogue.Store(WarpGroupEpilogue.Flip(Multiply<WideLines, HalfElement>(shared, a, w, block, e.Words), plan, block, e), c, block, e);
    }

    /// <summary>A lane's accumulators, K done.</summary>
    private static RegisterTile Multiply<TLines, TElement>(ArrayView<int> shared, ArrayView<int> top, ArrayView<int> left, MatrixBlock block, int words)
        where TLines : struct, IWarpGroupLines
        where TElement : struct, IMatrixElement
    {
        int slice = (TLines.Top + TLines.Left) * WarpGroups.LineBytes;
        int copied = Group.IdxX / 8, quad = Group.IdxX & 7, step = Apart * words;
        int a0 = (block.Row + copied) * words + quad * 4, w0 = (block.Column + copied) * words + quad * 4;
        var first = TensorCores.SharedAddress(ref shared[0]) + Alignment - 1 & -Alignment;
        int to = first + WarpGroups.At(copied, quad), half = Group.IdxX / 128 * (TLines.Top / 2 * WarpGroups.LineBytes);

        Copy<TLines>(to, top, a0, left, w0, step);
        WarpGroups.CloseBatch();
        if (SliceWords < words)
            Copy<TLines>(to + slice, top, a0 + SliceWords, left, w0 + SliceWords, step);
        WarpGroups.CloseBatch();
        RegisterTile sum = default;
        int buffer = 0, after = 2 * slice;
        for (var p = 0; p < words; p += SliceWords)
        {
            // The slice is here, and everybody is done with the one before, whose place the one after the next takes.
            WarpGroups.AwaitBatch();
            Group.Barrier();
            var next = p + 2 * SliceWords;
            if (next < words)
                Copy<TLines>(to + after, top, a0 + next, left, w0 + next, step);
            WarpGroups.CloseBatch();
            long a = WarpGroups.Operand(first + buffer + half), w = WarpGroups.Operand(first + buffer + TLines.Top * WarpGroups.LineBytes);
            if (TLines.Top > Edge)
                sum = WarpGroups.MultiplyTall(sum, a, w);
            else
                sum = TLines.Left == Edge ? TElement.MultiplyWide(sum, a, w) : WarpGroups.MultiplyNarrow(sum, a, w);
            after = buffer;
            buffer = buffer == (Buffers - 1) * slice ? 0 : buffer + slice;
        }

        return sum;
    }

    /// <summary>A thread's share of a slice: a quad of every 32nd line of the top operand, and of the left one's, behind them in memory.</summary>
    private static void Copy<TLines>(int to, ArrayView<int> top, int a0, ArrayView<int> left, int w0, int step)
        where TLines : struct, IWarpGroupLines
    {
        const int Further = Apart * WarpGroups.LineBytes;
        CopyFour(to, top, a0, step);
        if (TLines.Top > Edge)
            CopyFour(to + 4 * Further, top, a0 + 4 * step, step);
        to += TLines.Top * WarpGroups.LineBytes;
        if (TLines.Left == Edge)
        {
            CopyFour(to, left, w0, step);
            return;
        }

        TensorCores.CopyQuad(to, 0, ref left[w0]);
        if (TLines.Left > Apart)
            TensorCores.CopyQuad(to, Further, ref left[w0 + step]);
    }

    private static void CopyFour(int to, ArrayView<int> lines, int from, int step)
    {
        const int Further = Apart * WarpGroups.LineBytes;
        TensorCores.CopyQuad(to, 0, ref lines[from]);
        TensorCores.CopyQuad(to, Further, ref lines[from + step]);
        TensorCores.CopyQuad(to, 2 * Further, ref lines[from + 2 * step]);
        TensorCores.CopyQuad(to, 3 * Further, ref lines[from + 3 * step]);
    }

    /// <summary>The same, and half of the threads a quad of a digit line.</summary>
    private static void Copy(int to, ArrayView<int> a, int a0, ArrayView<int> w, int w0, int step, ArrayView<int> digits, int d0)
    {
        Copy<WideLines>(to, a, a0, w, w0, step);
        if (Group.IdxX < DigitLines.OfEight * 8)
            TensorCores.CopyQuad(to, SliceBytes, ref digits[d0]);
    }
}
