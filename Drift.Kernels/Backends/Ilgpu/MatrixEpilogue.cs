using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary>What becomes of a warp's 64 x 64 accumulators: their flips, their line sums, and the way to memory.</summary>
internal static class MatrixEpilogue
{
    /// <summary>Columns of half a warp's share: edges of checksum tiles are multiples of it.</summary>
    public const int HalfColumns = 32;

    /// <summary>One lane of a warp's 64 x 64: accumulator tile (i, j) of a half holds rows 16 i + g and 16 i + g + 8, columns 8 j + 2 t and 8 j + 2 t + 1.</summary>
    /// <param name="near">The first 32 columns.</param>
    /// <param name="far">The other 32.</param>
    /// <param name="plan">Flips.</param>
    /// <param name="c">Takes C.</param>
    /// <param name="sums">Takes observed sums.</param>
    /// <param name="row">The warp's first row.</param>
    /// <param name="column">The warp's first column.</param>
    /// <param name="lane">The lane.</param>
    /// <param name="e">Extents.</param>
    public static void Run(RegisterTile near, RegisterTile far, ArrayView<int> plan, ArrayView<int> c, SumViews sums, int row, int column, int lane, GemmExtents e)
    {
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
        var line = (row + (lane / 4)) * e.TileStride;
        int ofColumns = (row / e.Tile * e.Stride) + column, further = ((row + 32) / e.Tile * e.Stride) + column;
        if (e.Tile % (2 * HalfColumns) == 0)
        {
            // A tile takes all of the warp's rows and columns: half the additions in memory.
            SumRows(sums.ObservedRows, line + (column / e.Tile), RegisterTile.Add(near, far), lane, e.TileStride);
            SumColumns(sums.ObservedColumns, ofColumns, RegisterTile.ColumnSums(near), lane);
            SumColumns(sums.ObservedColumns, ofColumns + HalfColumns, RegisterTile.ColumnSums(far), lane);
            return;
        }

        SumRows(sums.ObservedRows, line + (column / e.Tile), near, lane, e.TileStride);
        SumRows(sums.ObservedRows, line + ((column + HalfColumns) / e.Tile), far, lane, e.TileStride);
        SumColumns(sums.ObservedColumns, ofColumns, Lanes16.Add(near.A, near.B), lane);
        SumColumns(sums.ObservedColumns, further, Lanes16.Add(near.C, near.D), lane);
        SumColumns(sums.ObservedColumns, ofColumns + HalfColumns, Lanes16.Add(far.A, far.B), lane);
        SumColumns(sums.ObservedColumns, further + HalfColumns, Lanes16.Add(far.C, far.D), lane);
    }

    /// <summary>Stores expected sums, the results of <see cref="DigitLines"/>: of a tile's two lines the lane has both.</summary>
    /// <param name="near">The lane's accumulators of the first 32 digit lines.</param>
    /// <param name="far">Those of the other 32.</param>
    /// <param name="sums">Takes a sum a line and tile.</param>
    /// <param name="row">The warp's first line.</param>
    /// <param name="column">The warp's first digit line.</param>
    /// <param name="lane">The lane.</param>
    /// <param name="lines">Lines there are.</param>
    /// <param name="lineStep">Sums from one line to the next.</param>
    /// <param name="tiles">Tiles there are.</param>
    /// <param name="tileStep">Sums from one tile to the next.</param>
    public static void Expect(
        RegisterTile near, RegisterTile far, ArrayView<int> sums, int row, int column, int lane, int lines, int lineStep, int tiles, int tileStep)
    {
        int line = row + lane / 4, tile = column / 2 + lane % 4 * 2;
        Expect(near, sums, line, lines, lineStep, tile, tiles, tileStep);
        Expect(far, sums, line, lines, lineStep, tile + HalfColumns / 2, tiles, tileStep);
    }

    private static void Expect(RegisterTile x, ArrayView<int> sums, int line, int lines, int lineStep, int tile, int tiles, int tileStep)
    {
        Expect(x.A, sums, line, lines, lineStep, tile, tiles, tileStep);
        Expect(x.B, sums, line + 16, lines, lineStep, tile, tiles, tileStep);
        Expect(x.C, sums, line + 32, lines, lineStep, tile, tiles, tileStep);
        Expect(x.D, sums, line + 48, lines, lineStep, tile, tiles, tileStep);
    }

    private static void Expect(Lanes16 x, ArrayView<int> sums, int line, int lines, int lineStep, int tile, int tiles, int tileStep)
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

    private static void Store(ArrayView<int> c, int at, Lanes16 x, int stride)
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

    private static void SumRows(ArrayView<int> sums, int slot, RegisterTile x, int lane, int step)
    {
        SumRows(sums, slot, x.A, lane, step);
        SumRows(sums, slot + (16 * step), x.B, lane, step);
        SumRows(sums, slot + (32 * step), x.C, lane, step);
        SumRows(sums, slot + (48 * step), x.D, lane, step);
    }

    /// <summary>Sums over the columns of rows g and g + 8: over the lane's eight, then over the four lanes of the row.</summary>
    private static void SumRows(ArrayView<int> sums, int slot, Lanes16 x, int lane, int step)
    {
        var pairs = Lanes4.Add(Lanes4.Add(x.A, x.B), Lanes4.Add(x.C, x.D));
        var upper = AcrossRow(pairs.A + pairs.B);
        var lower = AcrossRow(pairs.C + pairs.D);
        if (lane % 4 != 0)
            return;
        Atomic.Add(ref sums[slot], upper);
        Atomic.Add(ref sums[slot + (8 * step)], lower);
    }

    /// <summary>Sums over 32 rows: over the lane's four, then over the eight lanes of the column.</summary>
    private static void SumColumns(ArrayView<int> sums, int first, Lanes16 x, int lane)
    {
        SumColumns(sums, first, x.A, lane);
        SumColumns(sums, first + 8, x.B, lane);
        SumColumns(sums, first + 16, x.C, lane);
        SumColumns(sums, first + 24, x.D, lane);
    }

    private static void SumColumns(ArrayView<int> sums, int first, Lanes4 x, int lane)
    {
        var even = DownColumn(x.A + x.C);
        var odd = DownColumn(x.B + x.D);
        if (lane >= 4)
            return;
        Atomic.Add(ref sums[first + (2 * lane)], even);
        Atomic.Add(ref sums[first + (2 * lane) + 1], odd);
    }

    private static int AcrossRow(int x)
    {
        x += Warp.ShuffleXor(x, 1);
        return x + Warp.ShuffleXor(x, 2);
    }

    private static int DownColumn(int x)
    {
        x += Warp.ShuffleXor(x, 4);
        x += Warp.ShuffleXor(x, 8);
        return x + Warp.ShuffleXor(x, 16);
    }
}
