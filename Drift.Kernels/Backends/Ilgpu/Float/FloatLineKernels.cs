using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary>The extents of one launch of an fp32 product.</summary>
/// <param name="Rows">M.</param>
/// <param name="PaddedRows">M rounded up: what lies below are check rows.</param>
/// <param name="Columns">N.</param>
/// <param name="PaddedColumns">N rounded up: what lies beyond are check columns.</param>
/// <param name="Depth">K, padded.</param>
/// <param name="Stride">Values from one row of C to the next.</param>
/// <param name="RowGroup">Rows of A that are interleaved.</param>
/// <param name="ColumnGroup">Columns of W that are interleaved.</param>
/// <param name="Tile">Edge of a checksum tile, or 0.</param>
/// <param name="BlockColumns">Fault blocks from left to right, or 0 when there is no flip.</param>
/// <param name="Blocks">Number of fault blocks.</param>
internal readonly record struct FloatExtents(
    int Rows, int PaddedRows, int Columns, int PaddedColumns, int Depth, int Stride, int RowGroup, int ColumnGroup, int Tile, int BlockColumns, int Blocks);

/// <summary>The extents of observed sums in parts.</summary>
/// <param name="Rows">Rows, padded.</param>
/// <param name="Columns">Columns, padded.</param>
/// <param name="Stride">Values from one row of C to the next.</param>
/// <param name="SumStride">Row sums from one row to the next.</param>
/// <param name="TileColumns">Tiles from left to right.</param>
/// <param name="RowParts">Parts of a row, check columns' too.</param>
/// <param name="RowPartsInside">Parts of a row.</param>
/// <param name="ColumnParts">Parts of a column.</param>
/// <param name="PartsOfRow">Parts of a row in a tile.</param>
/// <param name="PartsOfColumn">Parts of a column in a tile.</param>
internal readonly record struct GatherExtents(
    int Rows, int Columns, int Stride, int SumStride, int TileColumns, int RowParts, int RowPartsInside, int ColumnParts, int PartsOfRow, int PartsOfColumn);

/// <summary>What fp32 products on a device need besides the product: operands interleaved, their lines summed, and the parts of observed sums added up. All in a fixed order.</summary>
internal static class FloatLineKernels
{
    /// <summary>Interleaves lines, [group, k, line], those past the last one zero.</summary>
    /// <param name="flat">X counts k, Y lines, padded ones too (<see cref="FlatIndex"/>).</param>
    /// <param name="source">Lines [lines, K].</param>
    /// <param name="target">Takes them.</param>
    /// <param name="lines">Lines that there are.</param>
    /// <param name="group">Lines of a group.</param>
    /// <param name="k">K.</param>
    /// <param name="depth">K with padding, which is zero.</param>
    public static void Interleave(Index1D flat, ArrayView<float> source, ArrayView<float> target, int lines, int group, int k, int depth)
    {
        var index = FlatIndex.At(flat, depth);
        target[Place(index.Y, index.X, group, depth)] = index.Y < lines && index.X < k ? source[index.Y * k + index.X] : 0;
    }

    /// <summary>Sums the lines of each tile, first to last, and interleaves the sums.</summary>
    /// <param name="index">X counts k, Y tiles, padded ones too: their sums are zero.</param>
    /// <param name="source">Lines [lines, K].</param>
    /// <param name="target">Takes the sums.</param>
    /// <param name="lines">Lines that there are.</param>
    /// <param name="group">Sums of a group.</param>
    /// <param name="k">K.</param>
    /// <param name="depth">K with padding, which is zero.</param>
    /// <param name="tile">Edge of a checksum tile.</param>
    public static void Encode(Index2D index, ArrayView<float> source, ArrayView<float> target, int lines, int group, int k, int depth, int tile)
    {
        var sum = 0f;
        var end = index.X < k ? IntrinsicMath.Min((index.Y + 1) * tile, lines) : 0;
        var line = index.Y * tile;
        for (; line + 15 < end; line += 16)
        {
            // A GPU's memory answers late, and an item has all of a tile's lines to add, one after the other.
            sum = Follow16(sum, source, line * k + index.X, k);
        }

        for (; line < end; line++)
            sum += source[line * k + index.X];
        target[Place(index.Y, index.X, group, depth)] = sum;
    }

    /// <summary>
    /// <see cref="Interleave"/> and <see cref="Encode"/> in one pass, in groups of <see cref="FloatDirectKernel.Rows"/>, for devices that like long runs of one item: the same sums in the same order.
    /// </summary>
    /// <param name="index">X counts stretches of sixteen k, Y tiles.</param>
    /// <param name="source">Lines [lines, K].</param>
    /// <param name="target">Takes them, padding zero.</param>
    /// <param name="sums">Takes the sums.</param>
    /// <param name="lines">Lines that there are.</param>
    /// <param name="padded">Lines with padding.</param>
    /// <param name="k">K.</param>
    /// <param name="tile">Lines of a tile, a multiple of the group.</param>
    public static void Lay(Index2D index, ArrayView<float> source, ArrayView<float> target, ArrayView<float> sums, int lines, int padded, int k, int tile)
    {
        int first = index.X * FloatDirectKernel.Columns, top = index.Y * tile, end = IntrinsicMath.Min(top + tile, padded);
        var at = Place(index.Y, first, FloatDirectKernel.Rows, k);
        if (first + FloatDirectKernel.Columns > k || end > lines)
        {
            for (var p = first; p < IntrinsicMath.Min(first + FloatDirectKernel.Columns, k); p++)
            {
                sums[at] = LaySlowly(source, target, lines, top, end, p, k);
                at += FloatDirectKernel.Rows;
            }

            return;
        }

        var sum = default(FloatLanes16);
        for (var line = top; line < end; line += FloatDirectKernel.Rows)
        {
            var from = line * k + first;
            FloatLanes16 a = FloatMemory.Load16(source, from), b = FloatMemory.Load16(source, from + k), c = FloatMemory.Load16(source, from + 2 * k);
            FloatLanes16 d = FloatMemory.Load16(source, from + 3 * k), e = FloatMemory.Load16(source, from + 4 * k), f = FloatMemory.Load16(source, from + 5 * k);
            FloatLanes16 g = FloatMemory.Load16(source, from + 6 * k), h = FloatMemory.Load16(source, from + 7 * k);
            var to = Place(line, first, FloatDirectKernel.Rows, k);
            FloatMemory.Transpose(target, to, a.A, b.A, c.A, d.A, e.A, f.A, g.A, h.A);
            FloatMemory.Transpose(target, to + 4 * FloatDirectKernel.Rows, a.B, b.B, c.B, d.B, e.B, f.B, g.B, h.B);
            FloatMemory.Transpose(target, to + 8 * FloatDirectKernel.Rows, a.C, b.C, c.C, d.C, e.C, f.C, g.C, h.C);
            FloatMemory.Transpose(target, to + 12 * FloatDirectKernel.Rows, a.D, b.D, c.D, d.D, e.D, f.D, g.D, h.D);
            sum = FloatLanes16.Add(FloatLanes16.Add(FloatLanes16.Add(FloatLanes16.Add(sum, a), b), c), d);
            sum = FloatLanes16.Add(FloatLanes16.Add(FloatLanes16.Add(FloatLanes16.Add(sum, e), f), g), h);
        }

        FloatMemory.Scatter(sums, at, FloatDirectKernel.Rows, sum);
    }

    /// <summary>Adds up the parts of every line within every tile, first to last.</summary>
    /// <param name="index">Row sums [row, tile column], then column sums [tile row, column].</param>
    /// <param name="rowParts">Parts of rows [rows, parts].</param>
    /// <param name="columnParts">Parts of columns [parts, stride].</param>
    /// <param name="rowSums">Takes row sums [rows, SumStride].</param>
    /// <param name="columnSums">Takes column sums [tile rows, stride].</param>
    /// <param name="g">Extents.</param>
    public static void Gather(
        Index1D index, ArrayView<float> rowParts, ArrayView<float> columnParts, ArrayView<float> rowSums, ArrayView<float> columnSums, GatherExtents g)
    {
        var ofColumns = index - g.Rows * g.TileColumns;
        if (ofColumns < 0)
        {
            int row = index / g.TileColumns, tile = index % g.TileColumns;
            rowSums[row * g.SumStride + tile] = Add(rowParts, row * g.RowParts, 1, tile * g.PartsOfRow, IntrinsicMath.Min((tile + 1) * g.PartsOfRow, g.RowPartsInside));
            return;
        }

        int tileRow = ofColumns / g.Columns, column = ofColumns % g.Columns;
        columnSums[tileRow * g.Stride + column] = Add(columnParts, column, g.Stride, tileRow * g.PartsOfColumn, IntrinsicMath.Min((tileRow + 1) * g.PartsOfColumn, g.ColumnParts));
    }

    /// <summary><see cref="Gather"/> of the parts of <see cref="FloatDirectKernel"/>, by items of eight rows or sixteen columns: the same additions in the same order.</summary>
    /// <param name="index">Row sums of eight rows [row / 8, tile column], then column sums of sixteen columns [tile row, column / 16].</param>
    /// <param name="rowParts">Parts of rows [rows / 8, RowPartsInside, 8].</param>
    /// <param name="columnParts">Parts of columns [tile rows, columns / 16, PartsOfColumn, 16].</param>
    /// <param name="rowSums">Takes row sums [tile columns, rows].</param>
    /// <param name="columnSums">Takes column sums [tile rows, stride].</param>
    /// <param name="g">Extents.</param>
    public static void GatherLong(
        Index1D index, ArrayView<float> rowParts, ArrayView<float> columnParts, ArrayView<float> rowSums, ArrayView<float> columnSums, GatherExtents g)
    {
        // In views of their own: a compiler that knows a place to be a multiple of sixteen writes place + 1 as place | 1, and sees no neighbours there.
        var ofColumns = index - g.Rows / FloatDirectKernel.Rows * g.TileColumns;
        if (ofColumns < 0)
        {
            int group = index / g.TileColumns, tile = index % g.TileColumns, end = IntrinsicMath.Min((tile + 1) * g.PartsOfRow, g.RowPartsInside);
            var sum = default(FloatLanes8);
            for (var part = tile * g.PartsOfRow; part < end; part++)
                sum = FloatLanes8.Add(sum, FloatMemory.Load8(rowParts.SubView((group * g.RowPartsInside + part) * FloatDirectKernel.Rows, FloatDirectKernel.Rows), 0));
            FloatMemory.Store8(rowSums.SubView(tile * g.Rows + group * FloatDirectKernel.Rows, FloatDirectKernel.Rows), 0, sum);
            return;
        }

        int panels = g.Columns / FloatDirectKernel.Columns, tileRow = ofColumns / panels, first = tileRow * g.PartsOfColumn, parts = IntrinsicMath.Min(g.PartsOfColumn, g.ColumnParts - first);
        var columns = default(FloatLanes16);
        for (var part = 0; part < parts; part++)
            columns = FloatLanes16.Add(columns, FloatMemory.Load16(columnParts.SubView((ofColumns * g.PartsOfColumn + part) * FloatDirectKernel.Columns, FloatDirectKernel.Columns), 0));
        FloatMemory.Store16(columnSums, tileRow * g.Stride + ofColumns % panels * FloatDirectKernel.Columns, columns);
    }

    /// <summary>Where a value of interleaved lines stands.</summary>
    public static int Place(int line, int k, int group, int depth) => (line / group * depth + k) * group + line % group;

    /// <summary>Adds up parts, one after the other.</summary>
    public static float Add(ArrayView<float> parts, int from, int step, int first, int end)
    {
        var sum = 0f;
        var part = first;
        for (; part + 15 < end; part += 16)
            sum = Follow16(sum, parts, from + part * step, step);
        for (; part < end; part++)
            sum += parts[from + part * step];
        return sum;
    }

    private static FloatLanes4 Down(ArrayView<float> view, int at, int step) => new(view[at], view[at + step], view[at + 2 * step], view[at + 3 * step]);

    /// <summary>A sum's next sixteen, one after the other, all loads under way at once.</summary>
    public static float Follow16(float sum, ArrayView<float> view, int at, int step)
    {
        FloatLanes16 x = new(Down(view, at, step), Down(view, at + 4 * step, step), Down(view, at + 8 * step, step), Down(view, at + 12 * step, step));
        return Follow(Follow(Follow(Follow(sum, x.A), x.B), x.C), x.D);
    }

    /// <summary>A sum's next four, one after the other.</summary>
    private static float Follow(float sum, FloatLanes4 x) => sum + x.A + x.B + x.C + x.D;

    private static float LaySlowly(ArrayView<float> source, ArrayView<float> target, int lines, int top, int end, int p, int k)
    {
        var sum = 0f;
        for (var line = top; line < end; line++)
        {
            var value = line < lines ? source[line * k + p] : 0;
            target[Place(line, p, FloatDirectKernel.Rows, k)] = value;
            sum += value;
        }

        return sum;
    }
}
