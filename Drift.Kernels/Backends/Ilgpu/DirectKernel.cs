using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary>The extents of one launch. Words hold four INT8 along k, low byte first.</summary>
/// <param name="Rows">M.</param>
/// <param name="Columns">N.</param>
/// <param name="Words">Words that hold a line's K values.</param>
/// <param name="Stride">Words from one k to the next in W and accumulators from one row to the next in C: N rounded up to whole register tiles.</param>
/// <param name="Tile">Edge of a checksum tile, or 0.</param>
/// <param name="TileColumns">Checksum tiles from left to right.</param>
/// <param name="BlockColumns">Fault blocks from left to right, or 0 when there is no flip.</param>
/// <param name="Blocks">Number of fault blocks.</param>
internal readonly record struct GemmExtents(int Rows, int Columns, int Words, int Stride, int Tile, int TileColumns, int BlockColumns, int Blocks);

/// <summary>
/// The product with its epilogue fused: a work item multiplies one register tile, applies its flips, stores it and adds its share of the observed line
/// sums, all from registers. No shared memory and no barrier, so one kernel suits CPU-like devices and runs on every other.
/// </summary>
internal static class DirectKernel
{
    /// <summary>One work item.</summary>
    /// <param name="index">Register tile, row by row.</param>
    /// <param name="a">A as words [rows, Words], rows padded with zeros to whole register tiles.</param>
    /// <param name="w">W as words [Words, Stride], columns padded with zeros.</param>
    /// <param name="plan">Starts of the fault blocks, the end, then the flips (<see cref="PackedPlan"/>).</param>
    /// <param name="c">Takes C [rows, Stride].</param>
    /// <param name="rowSums">Takes observed row sums [rows, TileColumns]; zero before.</param>
    /// <param name="columnSums">Takes observed column sums [tile rows, Stride]; zero before.</param>
    /// <param name="e">Extents.</param>
    public static void Run(
        Index1D index,
        ArrayView<int> a,
        ArrayView<int> w,
        ArrayView<int> plan,
        ArrayView<int> c,
        ArrayView<int> rowSums,
        ArrayView<int> columnSums,
        GemmExtents e)
    {
        var across = e.Stride / RegisterTile.Columns;
        var row = index / across * RegisterTile.Rows;
        var column = index % across * RegisterTile.Columns;
        var sum = default(RegisterTile);
        for (var p = 0; p < e.Words; p++)
        {
            var at = row * e.Words + p;
            var x = new Lanes4(a[at], a[at + e.Words], a[at + 2 * e.Words], a[at + 3 * e.Words]);
            var y = Load16(w, p * e.Stride + column);
            sum = RegisterTile.MultiplyAdd(sum, x, y, 24);
            sum = RegisterTile.MultiplyAdd(sum, x, y, 16);
            sum = RegisterTile.MultiplyAdd(sum, x, y, 8);
            sum = RegisterTile.MultiplyAdd(sum, x, y, 0);
        }

        if (e.BlockColumns > 0)
            sum = Flip(sum, plan, row, column, e);
        var first = row * e.Stride + column;
        Store16(c, first, sum.A);
        Store16(c, first + e.Stride, sum.B);
        Store16(c, first + 2 * e.Stride, sum.C);
        Store16(c, first + 3 * e.Stride, sum.D);
        if (e.Tile == 0)
            return;
        if (e.Tile % RegisterTile.Columns == 0)
            Observe(sum, rowSums, columnSums, row, column, e);
        else
            ObserveEach(c, rowSums, columnSums, row, column, e);
    }

    /// <summary>Applies those flips of the item's fault block that fall into its tile.</summary>
    private static RegisterTile Flip(RegisterTile sum, ArrayView<int> plan, int row, int column, GemmExtents e)
    {
        var block = row / FaultPlan.Block * e.BlockColumns + column / FaultPlan.Block;
        int firstRow = row % FaultPlan.Block, firstColumn = column % FaultPlan.Block;
        var end = plan[block + 1];
        for (var f = plan[block]; f < end; f++)
        {
            var flip = plan[e.Blocks + 1 + f];
            var r = PackedPlan.Row(flip) - firstRow;
            var s = PackedPlan.Column(flip) - firstColumn;
            if (r >= 0 && r < RegisterTile.Rows && s >= 0 && s < RegisterTile.Columns)
                sum = RegisterTile.Toggle(sum, r, s, 1 << PackedPlan.Bit(flip));
        }

        return sum;
    }

    /// <summary>
    /// The whole register tile lies in one checksum tile: one addition a row and one a column. Padding adds zeros to slots of its own.
    /// </summary>
    private static void Observe(RegisterTile sum, ArrayView<int> rowSums, ArrayView<int> columnSums, int row, int column, GemmExtents e)
    {
        var rows = RegisterTile.RowSums(sum);
        var slot = row * e.TileColumns + column / e.Tile;
        Add4(rowSums, slot, e.TileColumns, rows);
        var columns = RegisterTile.ColumnSums(sum);
        var first = row / e.Tile * e.Stride + column;
        Add4(columnSums, first, 1, columns.A);
        Add4(columnSums, first + 4, 1, columns.B);
        Add4(columnSums, first + 8, 1, columns.C);
        Add4(columnSums, first + 12, 1, columns.D);
    }

    /// <summary>Tiles that cut a register tile: every accumulator by itself, read back from where this item stored it.</summary>
    private static void ObserveEach(ArrayView<int> c, ArrayView<int> rowSums, ArrayView<int> columnSums, int row, int column, GemmExtents e)
    {
        for (var i = row; i < IntrinsicMath.Min(row + RegisterTile.Rows, e.Rows); i++)
        {
            for (var j = column; j < IntrinsicMath.Min(column + RegisterTile.Columns, e.Columns); j++)
            {
                var value = c[i * e.Stride + j];
                Atomic.Add(ref rowSums[i * e.TileColumns + j / e.Tile], value);
                Atomic.Add(ref columnSums[i / e.Tile * e.Stride + j], value);
            }
        }
    }

    private static void Add4(ArrayView<int> sums, int first, int step, Lanes4 x)
    {
        Atomic.Add(ref sums[first], x.A);
        Atomic.Add(ref sums[first + step], x.B);
        Atomic.Add(ref sums[first + 2 * step], x.C);
        Atomic.Add(ref sums[first + 3 * step], x.D);
    }

    private static Lanes4 Load4(ArrayView<int> view, int at) => new(view[at], view[at + 1], view[at + 2], view[at + 3]);

    private static Lanes16 Load16(ArrayView<int> view, int at) =>
        new(Load4(view, at), Load4(view, at + 4), Load4(view, at + 8), Load4(view, at + 12));

    private static void Store4(ArrayView<int> view, int at, Lanes4 x)
    {
        view[at] = x.A;
        view[at + 1] = x.B;
        view[at + 2] = x.C;
        view[at + 3] = x.D;
    }

    private static void Store16(ArrayView<int> view, int at, Lanes16 x)
    {
        Store4(view, at, x.A);
        Store4(view, at + 4, x.B);
        Store4(view, at + 8, x.C);
        Store4(view, at + 12, x.D);
    }
}
