using System.Runtime.Intrinsics.X86;

namespace Drift.Kernels;

/// <summary>
/// The two inner loops around a micro-kernel, after BLIS: the rows of a block pass by a panel's block of K.
/// </summary>
internal static unsafe class PanelProduct
{
    private const int Line = 64;

    // Fewer rows would wait for what they fetch.
    private const int FewRows = 32;

    /// <summary>Some rows times one panel, in register tiles of nearly the same height, so that none is left with a sliver.</summary>
    /// <param name="kernel">The micro-kernel; the panels are in its form.</param>
    /// <param name="panels">The other operand.</param>
    /// <param name="column">Where the panel starts.</param>
    /// <param name="columns">Columns of the panel that exist in C.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="first">First group of K; beyond 0, C holds the product of the groups before.</param>
    /// <param name="end">Group after the last; sums and bias are added where it is the last of all.</param>
    public static void Multiply(MicroKernel kernel, in PackedPanels panels, int column, int columns, in RowBlock rows, int first, int end)
    {
        var width = panels.WidthAt(column);
        var vectors = (columns + MicroTile.Lanes - 1) / MicroTile.Lanes;
        var blocks = CacheSizes.PanelBlocks((nint)(end - first) * width * MicroTile.GroupBytes);
        TileCall call = default;
        (call.AStride, call.CheckAStride, call.PanelStride, call.CStride) = (rows.AStride, rows.CheckAStride, width * MicroTile.GroupBytes, rows.CStride);
        (call.ChecksStride, call.RowSumStride, call.LanesBegun) = (rows.ChecksStride, rows.RowSumStride, rows.LanesBegun ? 1 : 0);
        (call.Columns, call.JoinedStride, call.JoinedColumns) = (TileCall.First(columns), rows.JoinedStride, TileCall.First(rows.JoinedColumns));
        for (var b = 0; b < blocks; b++)
        {
            int from = first + (end - first) * b / blocks, to = first + (end - first) * (b + 1) / blocks;
            call.Panel = panels.At(column, from);
            call.Groups = to - from;
            // What comes next travels into the second-level cache while this block is at work, a share with every register tile.
            Ahead ahead = default;
            ahead.Next = (byte*)(b + 1 < blocks ? panels.At(column, to) : column + width < panels.Columns ? panels.At(column + width, first) : null);
            ahead.Left = ahead.Next == null || rows.Rows < FewRows ? 0 : (nint)(to - from) * width * MicroTile.GroupBytes;
            ahead.Share = ahead.Left / Math.Max(1, rows.Rows / kernel.Rows) + Line;
            Block(kernel, &call, panels, column, vectors, rows, from, to == panels.Groups, ref ahead);
        }
    }

    /// <summary>All rows times a block of K.</summary>
    private static void Block(MicroKernel kernel, TileCall* call, in PackedPanels panels, int column, int vectors, in RowBlock rows, int from, bool last, ref Ahead ahead)
    {
        var begun = rows.Accumulate || from > 0;
        var start = begun || panels.Start == null ? null : panels.Start + column;
        var tile = rows.Tile == 0 ? rows.Rows : rows.Tile;
        var riding = kernel.TakesCheckRows ? rows.CheckRows : 0;
        var sums = last && rows.Sums;
        var bias = last && rows.Bias != null ? rows.Bias + column : null;
        byte* a = (byte*)rows.A + (nint)from * kernel.RowGroupBytes, checkA = (byte*)rows.CheckA + (nint)from * kernel.RowGroupBytes;
        var checks = (byte*)rows.Checks + column * MicroTile.GroupBytes;
        for (var top = 0; top < rows.Rows; top += tile)
        {
            var height = Math.Min(tile, rows.Rows - top);
            var pieces = (height + riding + kernel.Rows - 1) / kernel.Rows;
            call->ColumnSums = (byte*)rows.ColumnSums + top / tile * rows.ColumnSumStride;
            var joined = last && rows.Joined != null ? (byte*)rows.Joined + (rows.CheckRows > 0 ? top / tile : top) * rows.JoinedStride : null;
            call->CheckA = checkA;
            call->Bias = bias;
            for (var piece = 0; piece < pieces; piece++)
            {
                int above = (height + riding) * piece / pieces, row = top + above, count = (height + riding) * (piece + 1) / pieces - above;
                call->A = a + row * rows.AStride;
                call->C = (byte*)rows.C + row * rows.CStride + column * MicroTile.GroupBytes;
                call->Checks = checks;
                call->Start = begun ? call->C : start;
                call->StartStride = begun ? rows.CStride : 0;
                call->RowLanes = (byte*)rows.RowLanes + row * MicroTile.Lanes * MicroTile.GroupBytes;
                call->RowSums = rows.RowSums == null ? null : (byte*)rows.RowSums + row * rows.RowSumStride;
                var check = riding > 0 && piece == pieces - 1;
                call->Joined = check || rows.CheckRows == 0 ? joined + (check || joined == null ? 0 : above * rows.JoinedStride) : null;
                call->ColumnsBegun = piece > 0 || (top == 0 && rows.ColumnsBegun) ? 1 : 0;
                ahead.Fetch();
                kernel.Run(call, count, vectors, sums, check);
            }

            if (rows.CheckRows == 0)
                continue;
            if (riding == 0)
            {
                call->A = checkA;
                call->AStride = rows.CheckAStride;
                call->C = checks;
                call->Start = begun ? checks : start;
                call->StartStride = begun ? rows.ChecksStride : 0;
                call->Bias = null;
                call->CStride = rows.ChecksStride;
                kernel.Run(call, rows.CheckRows, vectors, false, false);
                (call->AStride, call->CStride) = (rows.AStride, rows.CStride);
            }

            checkA += rows.CheckRows * rows.CheckAStride;
            checks += rows.CheckRows * rows.ChecksStride;
        }
    }

    /// <summary>What is brought nearer while something else is at work.</summary>
    private struct Ahead
    {
        public byte* Next;
        public nint Left, Share;

        public void Fetch()
        {
            for (var stop = Math.Max(0, Left - Share); Left > stop && Sse.IsSupported; Left -= Line, Next += Line)
                Sse.Prefetch1(Next);
        }
    }
}
