using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary>
/// The product with its epilogue fused: a work item multiplies one register tile, applies its flips, stores it and adds its share of the observed line
/// sums, all from registers. No shared memory and no barrier, so one kernel suits CPU-like devices and runs on every other.
/// </summary>
internal static class DirectKernel
{
    /// <summary>One work item.</summary>
    /// <param name="index">Register tile, row by row; those below the product's rows are the summed rows of A, whose products are the expected column sums.</param>
    /// <param name="a">A, then its summed rows, as <see cref="PairRows"/>.</param>
    /// <param name="w">W as words, interleaved by <see cref="DirectTile.Columns"/>, columns padded with zeros.</param>
    /// <param name="plan">Starts of the fault blocks, the end, then the flips (<see cref="PackedPlan"/>).</param>
    /// <param name="c">Takes C [padded rows, Stride].</param>
    /// <param name="rowSums">Takes observed row sums [padded rows, TileStride]; zero before.</param>
    /// <param name="columnSums">Takes observed column sums [tile rows, Stride]; zero before.</param>
    /// <param name="expected">Takes expected column sums [padded tile rows, Stride].</param>
    /// <param name="e">Extents.</param>
    public static void Run(
        Index1D index,
        ArrayView<int> a,
        ArrayView<int> w,
        ArrayView<int> plan,
        ArrayView<int> c,
        ArrayView<int> rowSums,
        ArrayView<int> columnSums,
        ArrayView<int> expected,
        GemmExtents e)
    {
        var across = e.Stride / DirectTile.Columns;
        int row = index / across * DirectTile.Rows, column = index % across * DirectTile.Columns;
        int atA = row * e.Words * 2, atW = column * e.Words;
        var sum = default(DirectTile);
        for (var p = 0; p < e.Words; p++)
        {
            var words = LaneMemory.Load16(w, atW);
            sum = Step(sum, a, atA, PairLanes.Even(words));
            sum = Step(sum, a, atA + DirectTile.Rows, PairLanes.Odd(words));
            atA += 2 * DirectTile.Rows;
            atW += DirectTile.Columns;
        }

        if (row >= e.PaddedRows)
        {
            LaneMemory.Store(expected, (row - e.PaddedRows) * e.Stride + column, e.Stride, sum);
            return;
        }

        if (e.BlockColumns > 0)
            sum = PackedPlan.Flip(sum, plan, row, column, 0, e.BlockColumns, e.Blocks);
        Leave(sum, c, rowSums, columnSums, row, column, e);
    }

    /// <summary>A register tile's way to memory, and its share of the observed line sums.</summary>
    public static void Leave(DirectTile sum, ArrayView<int> c, ArrayView<int> rowSums, ArrayView<int> columnSums, int row, int column, GemmExtents e)
    {
        LaneMemory.Store(c, row * e.Stride + column, e.Stride, sum);
        if (e.Tile == 0)
            return;
        if (e.Tile % DirectTile.Columns == 0)
            Observe(sum, rowSums, columnSums, row, column, e);
        else
            ObserveEach(c, rowSums, columnSums, row, column, e);
    }

    /// <summary>Expected row sums of one register tile: A times the summed lines of W.</summary>
    /// <param name="index">Register tile, row by row.</param>
    /// <param name="a">A as <see cref="PairRows"/>.</param>
    /// <param name="lines">Summed lines of W as <see cref="PairRows"/> in groups of <see cref="DirectTile.Columns"/>.</param>
    /// <param name="sums">Takes expected row sums [padded rows, TileStride].</param>
    /// <param name="e">Extents.</param>
    public static void Expect(Index1D index, ArrayView<int> a, ArrayView<int> lines, ArrayView<int> sums, GemmExtents e)
    {
        var across = e.TileStride / DirectTile.Columns;
        int row = index / across * DirectTile.Rows, column = index % across * DirectTile.Columns;
        int atA = row * e.Words * 2, atW = column * e.Words * 2;
        var sum = default(DirectTile);
        for (var p = 0; p < 2 * e.Words; p++)
        {
            sum = Step(sum, a, atA, LaneMemory.Load16(lines, atW));
            atA += DirectTile.Rows;
            atW += DirectTile.Columns;
        }

        LaneMemory.Store(sums, row * e.TileStride + column, e.TileStride, sum);
    }

    private static DirectTile Step(DirectTile sum, ArrayView<int> a, int at, Lanes16 w) =>
        DirectTile.MultiplyAdd(sum, LaneMemory.Load4(a, at), LaneMemory.Load4(a, at + RegisterTile.Rows), w);

    /// <summary>
    /// The whole register tile lies in one checksum tile: one addition a row and one a column. Padding adds zeros to slots of its own.
    /// </summary>
    private static void Observe(DirectTile sum, ArrayView<int> rowSums, ArrayView<int> columnSums, int row, int column, GemmExtents e)
    {
        var slot = row * e.TileStride + column / e.Tile;
        LaneMemory.Add4(rowSums, slot, e.TileStride, RegisterTile.RowSums(sum.Upper));
        LaneMemory.Add4(rowSums, slot + RegisterTile.Rows * e.TileStride, e.TileStride, RegisterTile.RowSums(sum.Lower));
        var columns = DirectTile.ColumnSums(sum);
        var first = row / e.Tile * e.Stride + column;
        LaneMemory.Add4(columnSums, first, 1, columns.A);
        LaneMemory.Add4(columnSums, first + 4, 1, columns.B);
        LaneMemory.Add4(columnSums, first + 8, 1, columns.C);
        LaneMemory.Add4(columnSums, first + 12, 1, columns.D);
    }

    /// <summary>Tiles that cut a register tile: every accumulator by itself, read back from where this item stored it.</summary>
    private static void ObserveEach(ArrayView<int> c, ArrayView<int> rowSums, ArrayView<int> columnSums, int row, int column, GemmExtents e)
    {
        for (var i = row; i < IntrinsicMath.Min(row + DirectTile.Rows, e.Rows); i++)
        {
            for (var j = column; j < IntrinsicMath.Min(column + DirectTile.Columns, e.Columns); j++)
            {
                var value = c[i * e.Stride + j];
                Atomic.Add(ref rowSums[i * e.TileStride + j / e.Tile], value);
                Atomic.Add(ref columnSums[i / e.Tile * e.Stride + j], value);
            }
        }
    }
}
