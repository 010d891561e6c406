using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary>
/// The product on matrix units: a group of eight warps multiplies a 128 x 128 block, two warps down and four across, each with 4 x 4 accumulator tiles of 16 x 8 in registers.
/// Operands pass through shared memory in slices of 64 values of k; the next slice travels from global memory into registers while this one is multiplied. Flips and
/// observed line sums as in <see cref="DirectKernel"/>, from registers.
/// </summary>
internal static class MatrixKernel
{
    /// <summary>Edge of a group's block.</summary>
    public const int Block = 128;

    /// <summary>Threads of a group.</summary>
    public const int Threads = 256;

    /// <summary>Words of a slice: 64 values of k.</summary>
    public const int SliceWords = 16;

    /// <summary>Edge of a warp's share in columns: sums of checksum tiles are whole multiples of it.</summary>
    public const int WarpColumns = 32;

    private const int WarpRows = 64, StoreRows = Threads / 4;

    // Rows of a slice in shared memory lie 20 words apart: the 32 words of a fragment then stand in 32 banks.
    private const int Pitch = SliceWords + 4;

    /// <summary>One thread.</summary>
    /// <param name="a">A as words [rows, Words], padded with zeros to whole blocks and slices.</param>
    /// <param name="w">W as words [columns, Words], padded likewise.</param>
    /// <param name="plan">Starts of the fault blocks, the end, then the flips (<see cref="PackedPlan"/>).</param>
    /// <param name="c">Takes C [rows, Stride].</param>
    /// <param name="rowSums">Takes observed row sums [rows, TileStride]; zero before.</param>
    /// <param name="columnSums">Takes observed column sums [tile rows, Stride]; zero before.</param>
    /// <param name="e">Extents; the tile is 0 or a multiple of 32.</param>
    public static void Run(
        ArrayView<int> a, ArrayView<int> w, ArrayView<int> plan, ArrayView<int> c, ArrayView<int> rowSums, ArrayView<int> columnSums, GemmExtents e)
    {
        var sharedA = SharedMemory.Allocate<int>(Block * Pitch);
        var sharedW = SharedMemory.Allocate<int>(Block * Pitch);
        var thread = Group.IdxX;
        int warp = thread / 32, lane = thread % 32, blockRow = Grid.IdxY * Block, blockColumn = Grid.IdxX * Block;
        int row = warp / 4 * WarpRows, column = warp % 4 * WarpColumns;

        // A thread carries four words of rows s and s + 64 of either slice.
        int carried = (thread / 4 * Pitch) + (thread % 4 * 4), second = carried + (StoreRows * Pitch);
        var sourceA = ((blockRow + (thread / 4)) * e.Words) + (thread % 4 * 4);
        var sourceW = ((blockColumn + (thread / 4)) * e.Words) + (thread % 4 * 4);
        var step = StoreRows * e.Words;
        Lanes4 a0 = Quad.Load(a, sourceA), a1 = Quad.Load(a, sourceA + step), w0 = Quad.Load(w, sourceW), w1 = Quad.Load(w, sourceW + step);

        var fragment = (lane / 4 * Pitch) + (lane % 4);
        int fragmentA = (row * Pitch) + fragment, fragmentW = (column * Pitch) + fragment;
        var sum = default(RegisterTile);
        for (var p = 0; p < e.Words; p += SliceWords)
        {
            Quad.Store(sharedA, carried, a0);
            Quad.Store(sharedA, second, a1);
            Quad.Store(sharedW, carried, w0);
            Quad.Store(sharedW, second, w1);
            Group.Barrier();

            // Past the last slice the first is fetched again and never used: every thread does the same work between barriers.
            var next = p + SliceWords < e.Words ? p + SliceWords : 0;
            a0 = Quad.Load(a, sourceA + next);
            a1 = Quad.Load(a, sourceA + step + next);
            w0 = Quad.Load(w, sourceW + next);
            w1 = Quad.Load(w, sourceW + step + next);
            sum = MultiplyAdd(sum, sharedA, sharedW, fragmentA, fragmentW);
            sum = MultiplyAdd(sum, sharedA, sharedW, fragmentA + 8, fragmentW + 8);
            Group.Barrier();
        }

        MatrixEpilogue.Run(sum, plan, c, rowSums, columnSums, blockRow + row, blockColumn + column, lane, e);
    }

    /// <summary>32 values of k of a warp's share.</summary>
    private static RegisterTile MultiplyAdd(RegisterTile sum, ArrayView<int> a, ArrayView<int> w, int atA, int atW)
    {
        var low = new Lanes4(w[atW], w[atW + (8 * Pitch)], w[atW + (16 * Pitch)], w[atW + (24 * Pitch)]);
        var high = new Lanes4(w[atW + 4], w[atW + (8 * Pitch) + 4], w[atW + (16 * Pitch) + 4], w[atW + (24 * Pitch) + 4]);
        return new RegisterTile(
            Row(sum.A, a, atA, low, high),
            Row(sum.B, a, atA + (16 * Pitch), low, high),
            Row(sum.C, a, atA + (32 * Pitch), low, high),
            Row(sum.D, a, atA + (48 * Pitch), low, high));
    }

    /// <summary>Four accumulator tiles beside each other.</summary>
    private static Lanes16 Row(Lanes16 sum, ArrayView<int> a, int at, Lanes4 low, Lanes4 high)
    {
        var words = new Lanes4(a[at], a[at + (8 * Pitch)], a[at + 4], a[at + (8 * Pitch) + 4]);
        return new Lanes16(
            TensorCores.MultiplyAdd(sum.A, words, low.A, high.A),
            TensorCores.MultiplyAdd(sum.B, words, low.B, high.B),
            TensorCores.MultiplyAdd(sum.C, words, low.C, high.C),
            TensorCores.MultiplyAdd(sum.D, words, low.D, high.D));
    }
}
