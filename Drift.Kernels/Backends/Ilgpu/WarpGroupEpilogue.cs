using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary>What becomes of a warp's 16 x 128 accumulators, of which a <see cref="RegisterTile"/> holds 32 columns a part: their flips, their line sums, and the way to memory.</summary>
internal static class WarpGroupEpilogue
{
    private const int WarpRows = 16, PartColumns = 32;

    /// <summary>One lane: row 16 i + g and the row 8 below for warp i and lane 4 g + t, columns 8 j + 2 t and 8 j + 2 t + 1.</summary>
    /// <param name="x">The lane's accumulators.</param>
    /// <param name="plan">Flips.</param>
    /// <param name="c">Takes C.</param>
    /// <param name="sums">Takes observed sums.</param>
    /// <param name="block">The group's block.</param>
    /// <param name="shared">Memory of the group that nothing else needs now: 128 words a warp.</param>
    /// <param name="e">Extents.</param>
    public static void Run(RegisterTile x, ArrayView<int> plan, ArrayView<int> c, SumViews sums, MatrixBlock block, ArrayView<int> shared, GemmExtents e)
    {
        int warp = Group.IdxX / 32, lane = Group.IdxX % 32, row = block.Row + warp * WarpRows, column = block.Column;
        if (e.BlockColumns > 0)
        {
            x = new(
                Flip(x.A, plan, row, column, lane, e), Flip(x.B, plan, row, column + PartColumns, lane, e),
                Flip(x.C, plan, row, column + 2 * PartColumns, lane, e), Flip(x.D, plan, row, column + 3 * PartColumns, lane, e));
        }

        var at = (row + lane / 4) * e.Stride + column + lane % 4 * 2;
        MatrixEpilogue.Store(c, at, x.A, e.Stride);
        MatrixEpilogue.Store(c, at + PartColumns, x.B, e.Stride);
        MatrixEpilogue.Store(c, at + 2 * PartColumns, x.C, e.Stride);
        MatrixEpilogue.Store(c, at + 3 * PartColumns, x.D, e.Stride);
        if (e.Tile == 0)
            return;
        PutRows(x, sums.ObservedRows, row + lane / 4, column, lane, e);

        // A column's sums in each warp meet in shared memory, whose slices nobody multiplies any more.
        Lanes2 near = WarpSums.OfColumns(x.A, x.B, lane), far = WarpSums.OfColumns(x.C, x.D, lane);
        Group.Barrier();
        var own = warp * MatrixBlocks.Columns + 2 * lane;
        shared[own] = near.First;
        shared[own + 1] = near.Second;
        shared[own + MatrixBlocks.Columns / 2] = far.First;
        shared[own + MatrixBlocks.Columns / 2 + 1] = far.Second;
        Group.Barrier();
        PutColumns(shared, sums.ObservedColumns, block, e);
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
        int lane = Group.IdxX % 32, line = block.Row + Group.IdxX / 32 * WarpRows + lane / 4, tile = block.Column / 2 + lane % 4 * 2;
        MatrixEpilogue.Expect(x.A, sums, line, lines, lineStep, tile, tiles, tileStep);
        MatrixEpilogue.Expect(x.B, sums, line, lines, lineStep, tile + 16, tiles, tileStep);
    }

    /// <summary>Stores the expected row sums of a block's own tiles. Of a tile that is wider than the block each of its blocks has the whole sums; padding has places of its own.</summary>
    /// <param name="x">The lane's accumulators: of eight tiles' digit lines it has two tiles', of two lines each.</param>
    /// <param name="sums">Takes them.</param>
    /// <param name="block">The group's block.</param>
    /// <param name="first">The block's first tile.</param>
    /// <param name="e">Extents.</param>
    public static void Expect(CheckedTile x, ArrayView<int> sums, MatrixBlock block, int first, GemmExtents e)
    {
        int lane = Group.IdxX % 32, row = block.Row + Group.IdxX / 32 * WarpRows + lane / 4, tile = first / 8 * 8 + lane % 4 * 2;
        int end = first + IntrinsicMath.Max(WarpGroupKernel.Edge / e.Tile, 1), at = row * e.TileStride + tile;
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

    /// <summary>Lane 4 g + t gets the sums of part t, two rows; parts of one tile are added where that ends within the block.</summary>
    private static void PutRows(RegisterTile x, ArrayView<int> sums, int row, int column, int lane, GemmExtents e)
    {
        var parts = WarpSums.OfRows(x, lane);
        int first = parts.First, second = parts.Second, together = MatrixEpilogue.Adds(e.Tile) ? 1 : e.Tile / PartColumns;
        for (var other = 1; other < together; other *= 2)
        {
            first += Warp.ShuffleXor(first, other);
            second += Warp.ShuffleXor(second, other);
        }

        if (lane % together != 0)
            return;
        var at = row * e.TileStride + (column + lane % 4 * PartColumns) / e.Tile;
        MatrixEpilogue.Put(sums, at, first, e.Tile);
        MatrixEpilogue.Put(sums, at + 8 * e.TileStride, second, e.Tile);
    }

    /// <summary>Adds what a tile's warps have of a column; of tiles that the block does not hold whole, two warps' at a time.</summary>
    private static void PutColumns(ArrayView<int> shared, ArrayView<int> sums, MatrixBlock block, GemmExtents e)
    {
        var warps = MatrixEpilogue.Adds(e.Tile) ? PartColumns / WarpRows : e.Tile / WarpRows;
        for (var at = Group.IdxX; at < WarpGroupKernel.Edge / WarpRows / warps * MatrixBlocks.Columns; at += Group.DimX)
        {
            int part = at / MatrixBlocks.Columns * warps, column = at % MatrixBlocks.Columns, sum = 0;
            for (var i = 0; i < warps; i++)
                sum += shared[(part + i) * MatrixBlocks.Columns + column];
            MatrixEpilogue.Put(sums, (block.Row + part * WarpRows) / e.Tile * e.Stride + block.Column + column, sum, e.Tile);
        }
    }

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
            int r = PackedPlan.Row(flip) - row % FaultPlan.Block, s = PackedPlan.Column(flip);
            if (r >= 0 && r < WarpRows && r % 8 * 4 + s % 8 / 2 == lane)
                x = Lanes16.Toggle(x, s / 8 * 4 + r / 8 * 2 + s % 2, 1 << PackedPlan.Bit(flip));
        }

        return x;
    }
}
