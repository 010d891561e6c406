using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary>
/// The product on matrix units: a group multiplies a block of 256 or 128 rows and 128 columns, each of its warps 64 x 64 of it in 4 x 8 accumulator tiles of 16 x 8 in registers. Slices of 64 values
/// of k lie in two buffers of shared memory. What the instructions of half a slice read is in registers before they start: meanwhile the other half is loaded, and the slice after the next copied.
/// One barrier a slice. Flips and observed line sums as in <see cref="DirectKernel"/>, from registers. Groups past the product's own multiply an operand with the other's summed
/// lines (<see cref="DigitLines"/>), half as many columns a block: the expected sums.
/// </summary>
internal static class MatrixKernel
{
    // Edge of a warp's share.
    private const int WarpEdge = 64;

    /// <summary>One thread.</summary>
    /// <param name="a">A as words [PaddedRows, Words], padded with zeros to whole blocks and slices.</param>
    /// <param name="w">W as words [Stride, Words], padded likewise.</param>
    /// <param name="lines">The summed lines of A and of W.</param>
    /// <param name="plan">Starts of the fault blocks, the end, then the flips (<see cref="PackedPlan"/>).</param>
    /// <param name="c">Takes C [PaddedRows, Stride].</param>
    /// <param name="sums">Takes the line sums; observed ones zero before where they are added up (<see cref="MatrixEpilogue.Adds"/>).</param>
    /// <param name="e">Extents; the tile is 0 or a multiple of 32.</param>
    public static void Run<TRows>(ArrayView<int> a, ArrayView<int> w, LineViews lines, ArrayView<int> plan, ArrayView<int> c, SumViews sums, GemmExtents e)
        where TRows : struct, IMatrixRows
    {
        var sharedA = SharedMemory.Allocate<int>(2 * TRows.Rows * MatrixBlocks.SliceWords);
        var sharedW = SharedMemory.Allocate<int>(2 * MatrixBlocks.Columns * MatrixBlocks.SliceWords);
        var block = MatrixBlock.Of(Grid.IdxX, TRows.Rows, MatrixBlocks.LineBlocks(e.Columns, e.Tile), e);
        int row = block.Row, column = block.Column, warp = Group.IdxX / 32, lane = Group.IdxX % 32;
        if (block.Kind == MatrixBlock.OfProduct)
        {
            var share = Multiply<TRows, WideShare, Int8Element>(sharedA, sharedW, a, e.PaddedRows - 1, w, row, column, e.Words);
            MatrixEpilogue.Run(share, plan, c, sums, new MatrixPlace(row, column, warp, lane), sharedA, e);
            return;
        }

        var ofRows = block.Kind == MatrixBlock.OfRows;
        var near = Multiply<TRows, NarrowShare, Int8Element>(sharedA, sharedW, ofRows ? a : w, (ofRows ? e.PaddedRows : e.Stride) - 1, ofRows ? lines.W : lines.A, row, column, e.Words).Near;
        row += warp / 2 * WarpEdge;
        column += warp % 2 * NarrowShare.Columns;
        if (ofRows)
            MatrixEpilogue.Expect(near, sums.ExpectedRows, row, column, lane, e.Rows, e.TileStride, IlgpuWeights.TilesIn(e.Columns, e.Tile), 1);
        else
            MatrixEpilogue.Expect(near, sums.ExpectedColumns, row, column, lane, e.Columns, 1, IlgpuWeights.TilesIn(e.Rows, e.Tile), e.Stride);
    }

    /// <summary>One thread of a product of fp16, two a word, into fp32, whose bits <paramref name="c"/> takes; nothing is summed.</summary>
    /// <inheritdoc cref="Run"/>
    public static void RunHalf<TRows>(ArrayView<int> a, ArrayView<int> w, ArrayView<int> plan, ArrayView<int> c, GemmExtents e)
        where TRows : struct, IMatrixRows
    {
        var sharedA = SharedMemory.Allocate<int>(2 * TRows.Rows * MatrixBlocks.SliceWords);
        var sharedW = SharedMemory.Allocate<int>(2 * MatrixBlocks.Columns * MatrixBlocks.SliceWords);
        var block = MatrixBlock.Of(Grid.IdxX, TRows.Rows, 0, e);
        var share = Multiply<TRows, WideShare, HalfElement>(sharedA, sharedW, a, e.PaddedRows - 1, w, block.Row, block.Column, e.Words);
        MatrixEpilogue.Run(share, plan, c, new SumViews(c, c, c, c), new MatrixPlace(block.Row, block.Column, Group.IdxX / 32, Group.IdxX % 32), sharedA, e);
    }

    /// <summary>A warp's accumulators, K done.</summary>
    private static WarpShare Multiply<TRows, TShare, TElement>(ArrayView<int> sharedA, ArrayView<int> sharedW, ArrayView<int> top, int last, ArrayView<int> left, int row, int column, int words)
        where TRows : struct, IMatrixRows
        where TShare : struct, IMatrixShare
        where TElement : struct, IMatrixElement
    {
        // A thread copies one quad of every Apart-th row. Places in shared memory are addresses: the operands' two buffers stand one behind the other.
        int apart = TRows.Rows / 4, copied = Group.IdxX / 4, quad = Group.IdxX % 4, step = apart * words;
        int a0 = IntrinsicMath.Min(row + copied, last) * words + quad * 4, a1 = IntrinsicMath.Min(row + copied + apart, last) * words + quad * 4;
        int a2 = IntrinsicMath.Min(row + copied + 2 * apart, last) * words + quad * 4, a3 = IntrinsicMath.Min(row + copied + 3 * apart, last) * words + quad * 4;
        var w0 = (column + copied) * words + quad * 4;
        int baseA = TensorCores.SharedAddress(ref sharedA[0]), baseW = TensorCores.SharedAddress(ref sharedW[0]);
        int toA = baseA + Fragments.At(copied, quad), toW = baseW + Fragments.At(copied, quad);

        int warp = Group.IdxX / 32, lane = Group.IdxX % 32;
        int rowsAt = Fragments.At(warp / 2 * WarpEdge, 0) + Fragments.OfRows(lane), columnsAt = Fragments.At(warp % 2 * TShare.Columns, 0) + Fragments.OfColumns(lane);
        int atA = baseA + rowsAt, atW = baseW + columnsAt, halfA = baseA + (rowsAt ^ Fragments.Half), halfW = baseW + (columnsAt ^ Fragments.Half);
        int sliceA = TRows.Rows * 4 * MatrixBlocks.SliceWords, sliceW = MatrixBlocks.Columns * 4 * MatrixBlocks.SliceWords, bufferA = 0, bufferW = 0;
        Copy<TRows, TShare>(toA, toW, top, a0, a1, a2, a3, left, w0, step);
        if (MatrixBlocks.SliceWords < words)
        {
            Copy<TRows, TShare>(
                toA + sliceA, toW + sliceW, top, a0 + MatrixBlocks.SliceWords, a1 + MatrixBlocks.SliceWords, a2 + MatrixBlocks.SliceWords, a3 + MatrixBlocks.SliceWords, left, w0 + MatrixBlocks.SliceWords, step);
        }

        TensorCores.AwaitCopies();
        Group.Barrier();
        var first = Fragments.Load<TShare>(atA, atW);
        RegisterTile near = default, far = default;
        for (var p = 0; p < words; p += MatrixBlocks.SliceWords)
        {
            var second = Fragments.Load<TShare>(bufferA + halfA, bufferW + halfW);
            near = Fragments.Near<TElement>(near, first);
            if (TShare.Columns == WarpEdge)
                far = Fragments.Far<TElement>(far, first);

            // The next slice is here, and nobody reads this one any more.
            TensorCores.AwaitCopies();
            Group.Barrier();
            var next = p + 2 * MatrixBlocks.SliceWords;
            if (next < words)
                Copy<TRows, TShare>(toA + bufferA, toW + bufferW, top, a0 + next, a1 + next, a2 + next, a3 + next, left, w0 + next, step);
            bufferA = sliceA - bufferA;
            bufferW = sliceW - bufferW;
            // Behind the last slice what stands there is loaded and never used: every thread does the same work between barriers.
            first = Fragments.Load<TShare>(bufferA + atA, bufferW + atW);
            near = Fragments.Near<TElement>(near, second);
            if (TShare.Columns == WarpEdge)
                far = Fragments.Far<TElement>(far, second);
        }

        return new WarpShare(near, far);
    }

    /// <summary>A thread's share of a slice: a quad of four rows of the top operand, and of one to four of the left one's, which has as many columns as two warps take.</summary>
    private static void Copy<TRows, TShare>(int toA, int toW, ArrayView<int> top, int a0, int a1, int a2, int a3, ArrayView<int> left, int w0, int step)
        where TRows : struct, IMatrixRows
        where TShare : struct, IMatrixShare
    {
        var further = TRows.Rows / 4 * 4 * MatrixBlocks.SliceWords;
        TensorCores.CopyQuad(toA, 0, ref top[a0]);
        TensorCores.CopyQuad(toA, further, ref top[a1]);
        TensorCores.CopyQuad(toA, 2 * further, ref top[a2]);
        TensorCores.CopyQuad(toA, 3 * further, ref top[a3]);
        TensorCores.CopyQuad(toW, 0, ref left[w0]);
        if (2 * TShare.Columns > TRows.Rows / 4)
            TensorCores.CopyQuad(toW, further, ref left[w0 + step]);
        if (2 * TShare.Columns > TRows.Rows / 2)
        {
            TensorCores.CopyQuad(toW, 2 * further, ref left[w0 + 2 * step]);
            TensorCores.CopyQuad(toW, 3 * further, ref left[w0 + 3 * step]);
        }
    }
}
