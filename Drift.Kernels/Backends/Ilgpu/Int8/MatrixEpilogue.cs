using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary>What becomes of a warp's 64 x 64 accumulators: their flips, their line sums, and the way to memory.</summary>
internal static class MatrixEpilogue
{
    /// <summary>Columns of half a warp's share: edges of checksum tiles are multiples of it.</summary>
    public const int HalfColumns = 32;

    private const int WarpEdge = 64;

    /// <summary>
    /// Whether sums of such tiles are added up in memory, which has to be zero before; those of 32 and 64 lines are whole within a warp, those of 128 within a group.
    /// </summary>
    public static bool Adds(int tile) => tile != HalfColumns && tile != 2 * HalfColumns && tile != MatrixBlocks.Columns;

    /// <summary>One lane of a warp's 64 x 64: accumulator tile (i, j) of a half holds rows 16 i + g and 16 i + g + 8, columns 8 j + 2 t and 8 j + 2 t + 1 for lane 4 g + t.</summary>
    /// <param name="share">The lane's accumulators.</param>
    /// <param name="plan">Flips.</param>
    /// <param name="c">Takes C.</param>
    /// <param name="sums">Takes observed sums.</param>
    /// <param name="place">The lane.</param>
    /// <param name="shared">Memory of the group that nothing else needs now: 128 words a warp.</param>
    /// <param name="e">Extents.</param>
    public static void Run(WarpShare share, ArrayView<int> plan, ArrayView<int> c, SumViews sums, MatrixPlace place, ArrayView<int> shared, GemmExtents e)
    {
        int row = place.Row + place.Warp / 2 * WarpEdge, column = place.Column + place.Warp % 2 * WarpEdge, lane = place.Lane;
        RegisterTile near = share.Near, far = share.Far;
        if (e.BlockColumns > 0)
        {
            near = Flip(Flip(near, plan, row, column, 0, lane, e), plan, row, column, FaultPlan.Block, lane, e);
            far = Flip(Flip(far, plan, row, column + HalfColumns, 0, lane, e), plan, row, column + HalfColumns, FaultPlan.Block, lane, e);
        }

        var at = ((row + (lane / 4)) * e.Stride) + column + (lane % 4 * 2);
        Store(c, at, near, e.Stride);
        Store(c, at + HalfColumns, far, e.Stride);
        if (e.Tile == 0)
            return;
        int ofRow = (row + WarpSums.RowOf(lane)) * e.TileStride;
        int ofColumns = row / e.Tile * e.Stride + column + 2 * lane, further = (row + HalfColumns) / e.Tile * e.Stride + column + 2 * lane;
        if (e.Tile % WarpEdge != 0)
        {
            // A tile may end in the middle of the warp's rows and columns.
            PutRows(sums, ofRow + column / e.Tile, WarpSums.OfRows(near, lane), e);
            PutRows(sums, ofRow + (column + HalfColumns) / e.Tile, WarpSums.OfRows(far, lane), e);
            PutColumns(sums, ofColumns, WarpSums.OfColumns(Lanes16.Add(near.A, near.B), Lanes16.Add(far.A, far.B), lane), e);
            PutColumns(sums, further, WarpSums.OfColumns(Lanes16.Add(near.C, near.D), Lanes16.Add(far.C, far.D), lane), e);
            return;
        }

        var rows = WarpSums.OfRows(RegisterTile.Add(near, far), lane);
        var columns = WarpSums.OfColumns(RegisterTile.ColumnSums(near), RegisterTile.ColumnSums(far), lane);
        if (e.Tile != MatrixBlocks.Columns)
        {
            PutRows(sums, ofRow + column / e.Tile, rows, e);
            PutColumns(sums, ofColumns, columns, e);
            return;
        }

        // Of a tile two warps have each line: they meet in shared memory.
        var own = place.Warp * 2 * WarpEdge;
        Group.Barrier();
        shared[own + WarpSums.RowOf(lane)] = rows.First;
        shared[own + WarpSums.RowOf(lane) + 8] = rows.Second;
        shared[own + WarpEdge + 2 * lane] = columns.First;
        shared[own + WarpEdge + 2 * lane + 1] = columns.Second;
        Group.Barrier();
        int thread = Group.IdxX, warps = thread / WarpEdge * 4 * WarpEdge + thread % WarpEdge;
        sums.ObservedRows[(place.Row + thread) * e.TileStride + place.Column / e.Tile] = shared[warps] + shared[warps + 2 * WarpEdge];
        int across = thread % e.Tile, of = thread / e.Tile * 8 * WarpEdge + across / WarpEdge * 2 * WarpEdge + WarpEdge + across % WarpEdge;
        sums.ObservedColumns[(place.Row / e.Tile + thread / e.Tile) * e.Stride + place.Column + across] = shared[of] + shared[of + 4 * WarpEdge];
    }

    /// <summary>Stores expected sums, the results of <see cref="DigitLines"/>: of a tile's two lines the lane has both.</summary>
    /// <param name="share">The lane's accumulators of the warp's 32 digit lines.</param>
    /// <param name="sums">Takes a sum a line and tile.</param>
    /// <param name="row">The warp's first line.</param>
    /// <param name="column">The warp's first digit line.</param>
    /// <param name="lane">The lane.</param>
    /// <param name="lines">Lines there are.</param>
    /// <param name="lineStep">Sums from one line to the next.</param>
    /// <param name="tiles">Tiles there are.</param>
    /// <param name="tileStep">Sums from one tile to the next.</param>
    public static void Expect(RegisterTile share, ArrayView<int> sums, int row, int column, int lane, int lines, int lineStep, int tiles, int tileStep)
    {
        int line = row + lane / 4, tile = column / 2 + lane % 4 * 2;
        Expect(share.A, sums, line, lines, lineStep, tile, tiles, tileStep);
        Expect(share.B, sums, line + 16, lines, lineStep, tile, tiles, tileStep);
        Expect(share.C, sums, line + 32, lines, lineStep, tile, tiles, tileStep);
        Expect(share.D, sums, line + 48, lines, lineStep, tile, tiles, tileStep);
    }

    /// <inheritdoc cref="Expect(RegisterTile, ArrayView{int}, int, int, int, int, int, int, int)"/>
    public static void Expect(Lanes16 x, ArrayView<int> sums, int line, int lines, int lineStep, int tile, int tiles, int tileStep)
    {
        Expect(x.A, x.B, sums, line, lines, lineStep, tile, tiles, tileStep);
        Expect(x.C, x.D, sums, line, lines, lineStep, tile + 8, tiles, tileStep);
    }

    private static void Expect(Lanes4 high, Lanes4 low, ArrayView<int> sums, int line, int lines, int lineStep, int tile, int tiles, int tileStep)
    {
        if (tile >= tiles)
            return;
        var at = line * lineStep + tile * tileStep;
        if (line < lines)
            sums[at] = (high.A << 8) + low.A;
        if (line < lines && tile + 1 < tiles)
            sums[at + tileStep] = (high.B << 8) + low.B;
        if (line + 8 < lines)
            sums[at + 8 * lineStep] = (high.C << 8) + low.C;
        if (line + 8 < lines && tile + 1 < tiles)
            sums[at + 8 * lineStep + tileStep] = (high.D << 8) + low.D;
    }

    /// <summary>Applies those flips of a fault block that hit the lane's accumulators.</summary>
    private static RegisterTile Flip(RegisterTile sum, ArrayView<int> plan, int row, int column, int down, int lane, GemmExtents e)
    {
        if (row + down >= e.Rows || column >= e.Columns)
            return sum;
        var block = ((row + down) / FaultPlan.Block * e.BlockColumns) + (column / FaultPlan.Block);
        var end = plan[block + 1];
        for (var f = plan[block]; f < end; f++)
        {
            var flip = plan[e.Blocks + 1 + f];
            int r = PackedPlan.Row(flip) + down, s = PackedPlan.Column(flip);
            if ((r % 8 * 4) + (s % 8 / 2) == lane)
                sum = RegisterTile.Toggle(sum, r / 16, (s / 8 * 4) + (r % 16 / 8 * 2) + (s % 2), 1 << PackedPlan.Bit(flip));
        }

        return sum;
    }

    private static void Store(ArrayView<int> c, int at, RegisterTile x, int stride)
    {
        Store(c, at, x.A, stride);
        Store(c, at + (16 * stride), x.B, stride);
        Store(c, at + (32 * stride), x.C, stride);
        Store(c, at + (48 * stride), x.D, stride);
    }

    /// <summary>Stores 16 rows of 32 columns.</summary>
    public static void Store(ArrayView<int> c, int at, Lanes16 x, int stride)
    {
        Store(c, at, x.A, stride);
        Store(c, at + 8, x.B, stride);
        Store(c, at + 16, x.C, stride);
        Store(c, at + 24, x.D, stride);
    }

    private static void Store(ArrayView<int> c, int at, Lanes4 x, int stride)
    {
        Pair.Store(c, at, x.A, x.B);
        Pair.Store(c, at + (8 * stride), x.C, x.D);
    }

    private static void PutRows(SumViews sums, int at, Lanes2 x, GemmExtents e)
    {
        Put(sums.ObservedRows, at, x.First, e.Tile);
        Put(sums.ObservedRows, at + 8 * e.TileStride, x.Second, e.Tile);
    }

    private static void PutColumns(SumViews sums, int at, Lanes2 x, GemmExtents e)
    {
        Put(sums.ObservedColumns, at, x.First, e.Tile);
        Put(sums.ObservedColumns, at + 1, x.Second, e.Tile);
    }

    /// <summary>Stores a sum, or adds what is there of it (<see cref="Adds"/>).</summary>
    public static void Put(ArrayView<int> sums, int at, int sum, int tile)
    {
        if (Adds(tile))
            Atomic.Add(ref sums[at], sum);
        else
            sums[at] = sum;
    }
}
