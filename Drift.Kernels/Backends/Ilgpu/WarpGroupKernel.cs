using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary>
/// The product on the matrix units of sm_90: a group multiplies a block of 128 or 256 rows and 128 columns, each of its warp groups 64 x 128 of it, whose operands the units read from shared memory
/// themselves. Slices of 128 values of k lie in three buffers: one is multiplied, the next has come or is coming, the one after is sent for. One barrier a slice. Blocks, flips and sums as in
/// <see cref="MatrixKernel"/>.
/// </summary>
internal static class WarpGroupKernel
{
    /// <summary>Words of a slice of an operand along k: 128 values.</summary>
    public const int SliceWords = WarpGroups.LineBytes / 4;

    private const int Buffers = 3, Alignment = 1024;

    /// <summary>Threads of a group.</summary>
    public static int Threads<TRows>()
        where TRows : struct, IMatrixRows => TRows.Rows / WarpGroups.Rows * 128;

    /// <summary>Words of shared memory that a group needs.</summary>
    public static int SharedWords<TRows>()
        where TRows : struct, IMatrixRows => (Buffers * (TRows.Rows + MatrixBlocks.Columns) * WarpGroups.LineBytes + Alignment) / 4;

    /// <summary>One thread.</summary>
    /// <inheritdoc cref="MatrixKernel.Run"/>
    public static void Run<TRows>(ArrayView<int> a, ArrayView<int> w, LineViews lines, ArrayView<int> plan, ArrayView<int> c, SumViews sums, GemmExtents e)
        where TRows : struct, IMatrixRows
    {
        var shared = SharedMemory.GetDynamic<int>();
        var block = MatrixBlock.Of(Grid.IdxX, TRows.Rows, e);
        if (block.Kind == MatrixBlock.OfProduct)
        {
            WarpGroupEpilogue.Run<TRows>(Multiply<TRows, WideShare>(shared, a, e.PaddedRows - 1, w, block, e.Words), plan, c, sums, block, shared, e);
            return;
        }

        var ofRows = block.Kind == MatrixBlock.OfRows;
        var sum = Multiply<TRows, NarrowShare>(shared, ofRows ? a : w, (ofRows ? e.PaddedRows : e.Stride) - 1, ofRows ? lines.W : lines.A, block, e.Words);
        if (ofRows)
            WarpGroupEpilogue.Expect(sum, sums.ExpectedRows, block, e.Rows, e.TileStride, IlgpuWeights.TilesIn(e.Columns, e.Tile), 1);
        else
            WarpGroupEpilogue.Expect(sum, sums.ExpectedColumns, block, e.Columns, 1, IlgpuWeights.TilesIn(e.Rows, e.Tile), e.Stride);
    }

    /// <summary>A lane's accumulators, K done.</summary>
    private static RegisterTile Multiply<TRows, TShare>(ArrayView<int> shared, ArrayView<int> top, int last, ArrayView<int> left, MatrixBlock block, int words)
        where TRows : struct, IMatrixRows
        where TShare : struct, IMatrixShare
    {
        // A thread copies one quad of every Apart-th line.
        int apart = TRows.Rows / 4, copied = Group.IdxX / 8, quad = Group.IdxX % 8, step = apart * words;
        int a0 = IntrinsicMath.Min(block.Row + copied, last) * words + quad * 4, a1 = IntrinsicMath.Min(block.Row + copied + apart, last) * words + quad * 4;
        int a2 = IntrinsicMath.Min(block.Row + copied + 2 * apart, last) * words + quad * 4, a3 = IntrinsicMath.Min(block.Row + copied + 3 * apart, last) * words + quad * 4;
        var w0 = (block.Column + copied) * words + quad * 4;
        var first = TensorCores.SharedAddress(ref shared[0]) + Alignment - 1 & -Alignment;
        int to = first + WarpGroups.At(copied, quad), slice = (TRows.Rows + MatrixBlocks.Columns) * WarpGroups.LineBytes, end = Buffers * slice;
        var from = first + Group.IdxX / 128 * WarpGroups.Rows * WarpGroups.LineBytes;

        Copy<TRows, TShare>(to, top, a0, a1, a2, a3, left, w0, step);
        WarpGroups.CloseBatch();
        if (SliceWords < words)
            Copy<TRows, TShare>(to + slice, top, a0 + SliceWords, a1 + SliceWords, a2 + SliceWords, a3 + SliceWords, left, w0 + SliceWords, step);
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
                Copy<TRows, TShare>(to + after, top, a0 + next, a1 + next, a2 + next, a3 + next, left, w0 + next, step);
            WarpGroups.CloseBatch();
            long a = WarpGroups.Operand(from + buffer), w = WarpGroups.Operand(first + buffer + TRows.Rows * WarpGroups.LineBytes);
            sum = TShare.Columns == WideShare.Columns ? WarpGroups.MultiplyWide(sum, a, w) : WarpGroups.MultiplyNarrow(sum, a, w);
            after = buffer;
            buffer += slice;
            if (buffer == end)
                buffer = 0;
        }

        return sum;
    }

    /// <summary>A thread's share of a slice: a quad of four lines of the top operand, and of one to four of the left one's, behind them in memory.</summary>
    private static void Copy<TRows, TShare>(int to, ArrayView<int> top, int a0, int a1, int a2, int a3, ArrayView<int> left, int w0, int step)
        where TRows : struct, IMatrixRows
        where TShare : struct, IMatrixShare
    {
        int further = TRows.Rows / 4 * WarpGroups.LineBytes, w = TRows.Rows * WarpGroups.LineBytes;
        TensorCores.CopyQuad(to, 0, ref top[a0]);
        TensorCores.CopyQuad(to, further, ref top[a1]);
        TensorCores.CopyQuad(to, 2 * further, ref top[a2]);
        TensorCores.CopyQuad(to, 3 * further, ref top[a3]);
        TensorCores.CopyQuad(to, w, ref left[w0]);
        if (2 * TShare.Columns > TRows.Rows / 4)
            TensorCores.CopyQuad(to, w + further, ref left[w0 + step]);
        if (2 * TShare.Columns > TRows.Rows / 2)
        {
            TensorCores.CopyQuad(to, w + 2 * further, ref left[w0 + 2 * step]);
            TensorCores.CopyQuad(to, w + 3 * further, ref left[w0 + 3 * step]);
        }
    }
}
