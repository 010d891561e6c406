using System.Runtime.Intrinsics.X86;

namespace Drift.Kernels;

/// <summary>
/// The two inner loops around a micro-kernel, after BLIS: a panel's block of K stays in the first-level cache while the rows of a block pass by.
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
        var blocks = (end - first + CacheSizes.PanelGroups - 1) / CacheSizes.PanelGroups;
        var tile = rows.Tile == 0 ? rows.Rows : rows.Tile;
        TileCall call = default;
        (call.AStride, call.PanelStride, call.CStride) = (rows.AStride, width * MicroTile.GroupBytes, rows.CStride);
        call.Columns = TileCall.First(columns);
        for (var b = 0; b < blocks; b++)
        {
            int from = first + (end - first) * b / blocks, to = first + (end - first) * (b + 1) / blocks;
            var last = to == panels.Groups;
            call.Panel = panels.At(column, from);
            call.Groups = to - from;
            // What comes next travels into the second-level cache while this block is at work, a share with every register tile.
            var ahead = (byte*)(b + 1 < blocks ? panels.At(column, to) : column + width < panels.Columns ? panels.At(column + width, first) : null);
            nint left = ahead == null || rows.Rows < FewRows ? 0 : (nint)(to - from) * width * MicroTile.GroupBytes, share = left / Math.Max(1, rows.Rows / kernel.Rows) + Line;
            call.Bias = last && rows.Bias != null ? rows.Bias + column : null;
            for (var top = 0; top < rows.Rows; top += tile)
            {
                var height = Math.Min(tile, rows.Rows - top);
                var pieces = (height + kernel.Rows - 1) / kernel.Rows;
                call.ColumnSums = (byte*)rows.ColumnSums + top / tile * rows.ColumnSumStride;
                for (var piece = 0; piece < pieces; piece++)
                {
                    int row = top + height * piece / pieces, next = top + height * (piece + 1) / pieces;
                    call.A = (byte*)rows.A + row * rows.AStride + (nint)from * kernel.RowGroupBytes;
                    call.C = (byte*)rows.C + row * rows.CStride + column * MicroTile.GroupBytes;
                    call.Start = rows.Accumulate || from > 0 ? call.C : panels.Start == null ? null : panels.Start + column;
                    call.StartStride = call.Start == call.C ? rows.CStride : 0;
                    call.RowLanes = (byte*)rows.RowLanes + row * MicroTile.Lanes * MicroTile.GroupBytes;
                    for (var stop = Math.Max(0, left - share); left > stop && Sse.IsSupported; left -= Line, ahead += Line)
                        Sse.Prefetch1(ahead);
                    kernel.Run(&call, next - row, vectors, last && rows.Tile != 0);
                }
            }
        }
    }
}
