using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary>
/// The product on matrix units: a group of eight warps multiplies a 256 x 128 block, four warps down and two across, each with 4 x 8 accumulator tiles of 16 x 8 in registers.
/// Slices of 64 values of k lie in two buffers of shared memory; the next one is copied there while this one is multiplied, one barrier a slice. Flips and observed line sums as in
/// <see cref="DirectKernel"/>, from registers. Groups past the product's own multiply an operand with the other's summed lines (<see cref="DigitLines"/>): the expected sums.
/// </summary>
internal static class MatrixKernel
{
    /// <summary>Rows of a group's block.</summary>
    public const int BlockRows = 256;

    /// <summary>Columns of a group's block.</summary>
    public const int BlockColumns = 128;

    /// <summary>Threads of a group.</summary>
    public const int Threads = 256;

    /// <summary>Words of a slice: 64 values of k.</summary>
    public const int SliceWords = 16;

    // Rows that a warp, and a thread's one copy, are apart; groups of rows that share what the caches hold of W.
    private const int WarpEdge = 64, CopyRows = Threads / 4, Band = 8, SliceA = BlockRows * SliceWords, SliceW = BlockColumns * SliceWords;

    /// <summary>Groups of a launch.</summary>
    /// <param name="e">Extents.</param>
    public static int Groups(GemmExtents e)
    {
        int down = e.PaddedRows / BlockRows, across = e.Stride / BlockColumns;
        return down * across + (e.Tile == 0 ? 0 : down * LineBlocks(e.Columns, e.Tile) + IlgpuWeights.TilesIn(e.Stride, BlockRows) * LineBlocks(e.Rows, e.Tile));
    }

    /// <summary>One thread.</summary>
    /// <param name="a">A as words [PaddedRows, Words], padded with zeros to whole blocks and slices.</param>
    /// <param name="w">W as words [Stride, Words], padded likewise.</param>
    /// <param name="lines">The summed lines of A and of W.</param>
    /// <param name="plan">Starts of the fault blocks, the end, then the flips (<see cref="PackedPlan"/>).</param>
    /// <param name="c">Takes C [PaddedRows, Stride].</param>
    /// <param name="sums">Takes the line sums; observed ones zero before.</param>
    /// <param name="e">Extents; the tile is 0 or a multiple of 32.</param>
    public static void Run(ArrayView<int> a, ArrayView<int> w, LineViews lines, ArrayView<int> plan, ArrayView<int> c, SumViews sums, GemmExtents e)
    {
        var sharedA = SharedMemory.Allocate<int>(2 * SliceA);
        var sharedW = SharedMemory.Allocate<int>(2 * SliceW);
        int thread = Group.IdxX, warp = thread / 32, lane = thread % 32;
        int down = e.PaddedRows / BlockRows, across = e.Stride / BlockColumns, block = Grid.IdxX - down * across;

        // The product's own blocks, in bands so that neighbours share operands; then those of the expected row sums; then those of the expected column sums.
        ArrayView<int> top = a, other = w;
        int blockRow, blockColumn, role = 0, last = e.PaddedRows - 1;
        if (block < 0)
        {
            var band = Grid.IdxX / (Band * across);
            var height = IntrinsicMath.Min(down - band * Band, Band);
            var within = Grid.IdxX - band * Band * across;
            blockRow = band * Band + within % height;
            blockColumn = within / height;
        }
        else if (block < down * LineBlocks(e.Columns, e.Tile))
        {
            role = 1;
            other = lines.W;
            blockRow = block % down;
            blockColumn = block / down;
        }
        else
        {
            role = 2;
            top = w;
            other = lines.A;
            last = e.Stride - 1;
            var left = block - down * LineBlocks(e.Columns, e.Tile);
            var tall = (e.Stride + BlockRows - 1) / BlockRows;
            blockRow = left % tall;
            blockColumn = left / tall;
        }

        int row = blockRow * BlockRows, column = blockColumn * BlockColumns;
        int carried = thread * 4, copied = row + thread / 4, word = thread % 4 * 4;
        int from0 = IntrinsicMath.Min(copied, last) * e.Words + word, from1 = IntrinsicMath.Min(copied + CopyRows, last) * e.Words + word;
        int from2 = IntrinsicMath.Min(copied + 2 * CopyRows, last) * e.Words + word, from3 = IntrinsicMath.Min(copied + 3 * CopyRows, last) * e.Words + word;
        var source = (column + thread / 4) * e.Words + word;
        int fragment = lane / 4 * SliceWords + lane % 4 * 4;
        int fragmentA = warp / 2 * WarpEdge * SliceWords + fragment, fragmentW = warp % 2 * WarpEdge * SliceWords + fragment;
        RegisterTile near = default, far = default;
        int bufferA = 0, bufferW = 0;
        TensorCores.CopyQuad(ref sharedA[carried], ref top[from0]);
        TensorCores.CopyQuad(ref sharedA[carried + Threads * 4], ref top[from1]);
        TensorCores.CopyQuad(ref sharedA[carried + 2 * Threads * 4], ref top[from2]);
        TensorCores.CopyQuad(ref sharedA[carried + 3 * Threads * 4], ref top[from3]);
        TensorCores.CopyQuad(ref sharedW[carried], ref other[source]);
        TensorCores.CopyQuad(ref sharedW[carried + Threads * 4], ref other[source + CopyRows * e.Words]);
        for (var p = 0; p < e.Words; p += SliceWords)
        {
            TensorCores.AwaitCopies();
            Group.Barrier();

            // Past the last slice the first is fetched again and never used: every thread does the same work between barriers.
            var next = p + SliceWords < e.Words ? p + SliceWords : 0;
            int atA = SliceA - bufferA + carried, atW = SliceW - bufferW + carried;
            TensorCores.CopyQuad(ref sharedA[atA], ref top[from0 + next]);
            TensorCores.CopyQuad(ref sharedA[atA + Threads * 4], ref top[from1 + next]);
            TensorCores.CopyQuad(ref sharedA[atA + 2 * Threads * 4], ref top[from2 + next]);
            TensorCores.CopyQuad(ref sharedA[atA + 3 * Threads * 4], ref top[from3 + next]);
            TensorCores.CopyQuad(ref sharedW[atW], ref other[source + next]);
            TensorCores.CopyQuad(ref sharedW[atW + Threads * 4], ref other[source + CopyRows * e.Words + next]);
            var rows = Fragments.Load(sharedA, bufferA + fragmentA);
            near = MultiplyAdd(near, rows, Fragments.LoadColumns(sharedW, bufferW + fragmentW));
            far = MultiplyAdd(far, rows, Fragments.LoadColumns(sharedW, bufferW + fragmentW + 32 * SliceWords));
            bufferA = SliceA - bufferA;
            bufferW = SliceW - bufferW;
        }

        row += warp / 2 * WarpEdge;
        column += warp % 2 * WarpEdge;
        if (role == 0)
        {
            MatrixEpilogue.Run(near, plan, c, sums.ObservedRows, sums.ObservedColumns, row, column, lane, e);
            MatrixEpilogue.Run(far, plan, c, sums.ObservedRows, sums.ObservedColumns, row, column + 32, lane, e);
        }
        else if (role == 1)
        {
            MatrixEpilogue.Expect(near, sums.ExpectedRows, row, column, lane, e.Rows, e.TileStride, IlgpuWeights.TilesIn(e.Columns, e.Tile), 1);
            MatrixEpilogue.Expect(far, sums.ExpectedRows, row, column + 32, lane, e.Rows, e.TileStride, IlgpuWeights.TilesIn(e.Columns, e.Tile), 1);
        }
        else
        {
            MatrixEpilogue.Expect(near, sums.ExpectedColumns, row, column, lane, e.Columns, 1, IlgpuWeights.TilesIn(e.Rows, e.Tile), e.Stride);
            MatrixEpilogue.Expect(far, sums.ExpectedColumns, row, column + 32, lane, e.Columns, 1, IlgpuWeights.TilesIn(e.Rows, e.Tile), e.Stride);
        }
    }

    private static int LineBlocks(int extent, int tile) => DigitLines.Rows(IlgpuWeights.TilesIn(extent, tile)) / BlockColumns;

    /// <summary>64 values of k of half a warp's share.</summary>
    private static RegisterTile MultiplyAdd(RegisterTile sum, Fragments rows, Lanes16 columns) => new(
        Row(sum.A, rows.Upper.A, rows.Lower.A, columns),
        Row(sum.B, rows.Upper.B, rows.Lower.B, columns),
        Row(sum.C, rows.Upper.C, rows.Lower.C, columns),
        Row(sum.D, rows.Upper.D, rows.Lower.D, columns));

    /// <summary>Four accumulator tiles beside each other.</summary>
    private static Lanes16 Row(Lanes16 sum, Lanes4 upper, Lanes4 lower, Lanes16 w) => new(
        Cell(sum.A, upper, lower, w.A),
        Cell(sum.B, upper, lower, w.B),
        Cell(sum.C, upper, lower, w.C),
        Cell(sum.D, upper, lower, w.D));

    // Which k a word holds does not matter to a sum, as long as it is the same in both operands: a lane's four neighbouring words serve two instructions.
    private static Lanes4 Cell(Lanes4 sum, Lanes4 upper, Lanes4 lower, Lanes4 w) => TensorCores.MultiplyAdd(
        TensorCores.MultiplyAdd(sum, new Lanes4(upper.A, lower.A, upper.B, lower.B), w.A, w.B),
        new Lanes4(upper.C, lower.C, upper.D, lower.D), w.C, w.D);
}
