using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary>What becomes of a warp's 16 x 128 accumulators, of which a <see cref="RegisterTile"/> holds 32 columns a part: their flips, their line sums, and the way to memory.</summary>
internal static class WarpGroupEpilogue
{
    private const int WarpRows = 16, PartColumns = 32;

    /// <summary>A lane's accumulators with the plan's flips: row 16 i + g and the row 8 below for warp i and lane 4 g + t, columns 8 j + 2 t and 8 j + 2 t + 1.</summary>
    /// <param name="x">The lane's accumulators.</param>
    /// <param name="plan">Flips.</param>
    /// <param name="block">The group's block.</param>
    /// <param name="e">Extents.</param>
    public static RegisterTile Flip(RegisterTile x, ArrayView<int> plan, MatrixBlock block, GemmExtents e)
    {
        if (e.BlockColumns == 0)
            return x;
        int lane = Lane(), row = Row(block), column = block.Column;
        return new(
            Flip(x.A, plan, row, column, lane, e), Flip(x.B, plan, row, column + PartColumns, lane, e),
            Flip(x.C, plan, row, column + 2 * PartColumns, lane, e), Flip(x.D, plan, row, column + 3 * PartColumns, lane, e));
    }

    /// <summary>Stores C.</summary>
    /// <inheritdoc cref="Flip(RegisterTile, ArrayView{int}, MatrixBlock, GemmExtents)"/>
    public static void Store(RegisterTile x, ArrayView<int> c, MatrixBlock block, GemmExtents e)
    {
        var at = (Row(block) + Lane() / 4) * e.Stride + block.Column + (Lane() & 3) * 2;
        MatrixEpilogue.Store(c, at, x.A, e.Stride);
        MatrixEpilogue.Store(c, at + PartColumns, x.B, e.Stride);
        MatrixEpilogue.Store(c, at + 2 * PartColumns, x.C, e.Stride);
        MatrixEpilogue.Store(c, at + 3 * PartColumns, x.D, e.Stride);
    }

    /// <summary>Observed sums, before <see cref="Store"/>: lanes exchange through the unit that stores, and would wait behind 32 stores a thread.</summary>
    /// <param name="x">The lane's accumulators, flipped.</param>
    /// <param name="sums">Takes observed sums.</param>
    /// <param name="block">The group's block.</param>
    /// <param name="shared">Memory of the group that nothing else needs now: 128 words a warp.</param>
    /// <param name="e">Extents, with a tile.</param>
    /// <param name="steps">Of the tiles.</param>
    public static void Sum(RegisterTile x, SumViews sums, MatrixBlock block, ArrayView<int> shared, GemmExtents e, TileSteps steps)
    {
        var lane = Lane();
        PutRows(x, sums.ObservedRows, Row(block) + lane / 4, block.Column, lane, e, steps);

        // A column's sums in each warp meet in shared memory, whose slices nobody multiplies any more.
        Lanes2 near = WarpSums.OfColumns(x.A, x.B, lane), far = WarpSums.OfColumns(x.C, x.D, lane);
        Group.Barrier();
        var own = Group.IdxX / 32 * MatrixBlocks.Columns + 2 * lane;
        Pair.Store(shared, own, near.First, near.Second);
        Pair.Store(shared, own + MatrixBlocks.Columns / 2, far.First, far.Second);
        Group.Barrier();
        PutColumns(shared, sums.ObservedColumns, block, e, steps);
    }

    /// <summary>Stores expected sums, the results of <see cref="DigitLines"/>: of a tile's two lines the lane has both.</summary>
    /// <param name="x">The lane's accumulators of 64 digit lines.</param>
    /// <param name="sums">Takes a sum a line and tile.</param>
    /// <param name="block">The group's block.</param>
    /// <param name="lines">Lines there are.</param>
    /// <param name="lineStep">Sums from one line to the next.</param>
    /// <param name="tiles">Tiles there are.</param>
    /// <param name="tileStep">Sums from one tile to the next.</param>
    public static void Expect(RegisterTile x, ArrayView<int> sums, MatrixBlock block, int lines, int lineStep, int tiles, int tileStep)
    {
        int lane = Lane(), line = Row(block) + lane / 4, tile = block.Column / 2 + (lane & 3) * 2;
        MatrixEpilogue.Expect(x.A, sums, line, lines, lineStep, tile, tiles, tileStep);
        MatrixEpilogue.Expect(x.B, sums, line, lines, lineStep, tile + 16, tiles, tileStep);
    }

    /// <summary>The same of <see cref="WarpGroups.MultiplyTall"/>: 32 digit lines, 128 lines a warp group.</summary>
    /// <inheritdoc cref="Expect(RegisterTile, ArrayView{int}, MatrixBlock, int, int, int, int)"/>
    public static void ExpectTall(RegisterTile x, ArrayView<int> sums, MatrixBlock block, int lines, int lineStep, int tiles, int tileStep)
    {
        int lane = Lane(), warp = Group.IdxX / 32, line = block.Row + (warp / 4 * 2 * WarpGroups.Rows) + ((warp & 3) * WarpRows) + (lane / 4), tile = block.Column / 2 + (lane & 3) * 2;
        MatrixEpilogue.Expect(x.A, sums, line, lines, lineStep, tile, tiles, tileStep);
        MatrixEpilogue.Expect(x.B, sums, line + WarpGroups.Rows, lines, lineStep, tile, tiles, tileStep);
    }

    /// <summary>Stores the expected row sums of a block's own tiles. Of a tile that is wider than the block each of its blocks has the whole sums; padding has places of its own.</summary>
    /// <param name="x">The lane's accumulators: of eight tiles' digit lines it has two tiles', of two lines each.</param>
    /// <param name="sums">Takes them.</param>
    /// <param name="block">The group's block.</param>
    /// <param name="first">The block's first tile.</param>
    /// <param name="e">Extents.</param>
    public static void Expect(CheckedTile x, ArrayView<int> sums, MatrixBlock block, int first, GemmExtents e)
    {
        int lane = Lane(), tile = (first & -8) + (lane & 3) * 2, at = (Row(block) + lane / 4) * e.TileStride + tile;
        var end = first + (e.Tile == PartColumns ? 4 : e.Tile == 2 * PartColumns ? 2 : 1);
        if (tile >= first && tile < end)
        {
            sums[at] = (x.High.A << 8) + x.Low.A;
            sums[at + 8 * e.TileStride] = (x.High.C << 8) + x.Low.C;
        }

        if (tile + 1 >= first && tile + 1 < end)
        {
            sums[at + 1] = (x.High.B << 8) + x.Low.B;
            sums[at + 1 + 8 * e.TileStride] = (x.High.D << 8) + x.Low.D;
        }
    }

    /// <summary>The first row of the warp's.</summary>
    private static int Row(MatrixBlock block) => block.Row + Group.IdxX / 32 * WarpRows;

    private static int Lane() => Group.IdxX & 31;

    /// <summary>Four lanes have a row's 128 columns: of a tile of 128 they add up all, of others each gets a part's sums of two rows, and a tile of 64 takes two parts.</summary>
    private static void PutRows(RegisterTile x, ArrayView<int> sums, int row, int column, int lane, GemmExtents e, TileSteps steps)
    {
        if (e.Tile == MatrixBlocks.Columns)
        {
            var sum = WarpSums.OfWholeRows(x, lane);
            if ((lane & 2) == 0)
                sums[(row + (lane & 1) * 8) * e.TileStride + TileSteps.TileOf(steps, column)] = sum;
            return;
        }

        var parts = WarpSums.OfRows(x, lane);
        int first = parts.First, second = parts.Second, at = row * e.TileStride + TileSteps.TileOf(steps, column + (lane & 3) * PartColumns);
        if (e.Tile == 2 * PartColumns)
        {
            first += Warp.ShuffleXor(first, 1);
            second += Warp.ShuffleXor(second, 1);
            if ((lane & 1) != 0)
                return;
        }

        MatrixEpilogue.Put(sums, at, first, e.Tile);
        MatrixEpilogue.Put(sums, at + 8 * e.TileStride, second, e.Tile);
    }

    /// <summary>Adds what a tile's warps have of a column; of tiles that the block does not hold whole, two warps' at a time.</summary>
    private static void PutColumns(ArrayView<int> shared, ArrayView<int> sums, MatrixBlock block, GemmExtents e, TileSteps steps)
    {
        int warps = MatrixEpilogue.Adds(e.Tile) ? PartColumns / WarpRows : e.Tile / WarpRows, column = Group.IdxX & MatrixBlocks.Columns - 1;
        for (var part = Group.IdxX / MatrixBlocks.Columns * warps; part < WarpGroupKernel.Edge / WarpRows; part += WarpGroupKernel.Threads / MatrixBlocks.Columns * warps)
        {
            var at = part * MatrixBlocks.Columns + column;
            var sum = Pairs(shared, at);
            if (warps > 2)
                sum += Pairs(shared, at + 2 * MatrixBlocks.Columns);
            if (warps > 4)
                sum += Pairs(shared, at + 4 * MatrixBlocks.Columns) + Pairs(shared, at + 6 * MatrixBlocks.Columns);
            MatrixEpilogue.Put(sums, TileSteps.TileOf(steps, block.Row + part * WarpRows) * e.Stride + block.Column + column, sum, e.Tile);
        }
    }

    /// <summary>What two warps have of a column.</summary>
    private static int Pairs(ArrayView<int> shared, int at) => shared[at] + shared[at + MatrixBlocks.Columns];

    /// <summary>Applies those flips of a fault block that hit the lane's accumulators of a part.</summary>
    private static Lanes16 Flip(Lanes16 x, ArrayView<int> plan, int row, int column, int lane, GemmExtents e)
    {
        if (row >= e.Rows || column >= e.Columns)
            return x;
        var block = row / FaultPlan.Block * e.BlockColumns + column / FaultPlan.Block;
        var end = plan[block + 1];
        for (var f = plan[block]; f < end; f++)
        {
            var flip = plan[e.Blocks + 1 + f];
            int r = PackedPlan.Row(flip) - (row & FaultPlan.Block - 1), s = PackedPlan.Column(flip);
            if (r >= 0 && r < WarpRows && (r & 7) * 4 + (s & 7) / 2 == lane)
                x = Lanes16.Toggle(x, s / 8 * 4 + r / 8 * 2 + (s & 1), 1 << PackedPlan.Bit(flip));
        }

        return x;
    }
}
