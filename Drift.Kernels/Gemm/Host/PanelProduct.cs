namespace Drift.Kernels;

/// <summary>
/// The two inner loops around a micro-kernel, after BLIS: the rows of a block pass by a panel's block of K.
/// </summary>
internal static unsafe class PanelProduct
{
    private const int Vector = MicroTile.Lanes * MicroTile.GroupBytes;

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
        if (column == panels.Along)
        {
            MultiplyAlong(kernel, panels, column, rows);
            return;
        }

        var vectors = (columns + MicroTile.Lanes - 1) / MicroTile.Lanes;
        // Of a panel whose last columns are padding, only the others' vectors are read.
        var blocks = CacheSizes.PanelBlocks((nint)(end - first) * vectors * Vector);
        TileCall call = default;
        (call.AStride, call.CheckAStride, call.PanelStride, call.CStride) = (rows.AStride, rows.CheckAStride, width * MicroTile.GroupBytes, rows.CStride);
        (call.ChecksStride, call.RowSumStride, call.ColumnSumStride, call.RowsBegun) = (rows.ChecksStride, rows.RowSumStride, rows.ColumnSumStride, rows.RowsBegun ? 1 : 0);
        call.RowWeights = rows.RowWeights;
        call.PairStride = rows.PairStride;
        (call.Columns, call.JoinedStride, call.JoinedColumns) = (TileCall.First(columns), rows.JoinedStride, TileCall.First(rows.JoinedColumns));
        if (rows.Next > 0)
            call.Stretch = Ahead(&call, panels, rows, first, end, blocks, blocks * ((Lines(rows) + kernel.Rows - 1) / kernel.Rows));
        for (var b = 0; b < blocks; b++)
        {
            int from = first + (end - first) * b / blocks, to = first + (end - first) * (b + 1) / blocks;
            call.Panel = panels.At(column, from);
            call.Groups = to - from;
            Block(kernel, &call, panels, column, vectors, rows, from, to == panels.Groups);
        }
    }

    /// <summary>Where the next panel and its part of C are, which come from far as a rule.</summary>
    /// <returns>Groups between two steps in which all of it is asked for while this panel's calls run; 0 where they would be so few that asking took longer than waiting.</returns>
    private static int Ahead(TileCall* call, in PackedPanels panels, in RowBlock rows, int first, int end, int blocks, int calls)
    {
        const int Least = 8;
        var bytes = (nint)(end - first) * panels.WidthAt(rows.Next) * MicroTile.GroupBytes;
        call->PanelAhead = panels.At(rows.Next, rows.NextGroup);
        call->PanelAheadLast = (byte*)call->PanelAhead + bytes - TileCall.AheadBytes;
        call->ProductAhead = (byte*)rows.C + rows.Next * MicroTile.GroupBytes;
        call->ProductAheadLast = (byte*)call->ProductAhead + (rows.Rows - 1) * rows.CStride;
        var steps = Math.Max(rows.Rows, (int)(bytes / TileCall.AheadBytes));
        var stretch = (end - first) / blocks * calls / steps;
        return stretch < Least ? 0 : stretch;
    }

    /// <summary>Rows with the check rows that ride with them.</summary>
    private static int Lines(in RowBlock rows) => rows.Rows + (rows.Tile == 0 ? 0 : (rows.Rows + rows.Tile - 1) / rows.Tile * rows.CheckRows);

    /// <summary>Rows in pairs times a few columns, each of which a group of the panel has twice.</summary>
    /// <param name="kernel">The micro-kernel, which takes pairs.</param>
    /// <param name="panel">The first group of all, vector after vector.</param>
    /// <param name="columns">Columns, 1..<see cref="MicroTile.PairedColumns"/>.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="first">First group of K; beyond 0, C holds the product of the groups before.</param>
    /// <param name="end">Group after the last.</param>
    public static void MultiplyPairs(MicroKernel kernel, void* panel, int columns, in RowBlock rows, int first, int end)
    {
        var blocks = CacheSizes.PanelBlocks((nint)(end - first) * Vector);
        var calls = (rows.Rows + MicroTile.MostPairedRows - 1) / MicroTile.MostPairedRows;
        var height = ((rows.Rows + calls - 1) / calls + 1) & ~1;
        TileCall call = default;
        (call.PairStride, call.PanelStride, call.CStride, call.StartStride, call.Columns) = (rows.PairStride, Vector, rows.CStride, rows.CStride, TileCall.First(columns));
        for (var b = 0; b < blocks; b++)
        {
            int from = first + (end - first) * b / blocks, to = first + (end - first) * (b + 1) / blocks;
            call.Panel = (byte*)panel + (nint)from * Vector;
            call.Groups = to - from;
            for (var row = 0; row < rows.Rows; row += height)
            {
                Pair(&call, (byte*)rows.A + (nint)from * 2 * MicroTile.GroupBytes, row);
                call.C = (byte*)rows.C + row * rows.CStride;
                call.Start = from > 0 ? call.C : null;
                kernel.RunPairs(&call, Math.Min(height, rows.Rows - row));
            }
        }
    }

    /// <summary>All rows times a panel of digits along whose vectors K runs, in blocks of K that stay in the first-level cache; each adds to the sums of those before.</summary>
    private static void MultiplyAlong(MicroKernel kernel, in PackedPanels panels, int column, in RowBlock rows)
    {
        var columns = panels.WidthAt(column);
        var most = rows.Flips ? ActivationRows.Together : MicroTile.RowsAlong(columns);
        var vectors = (panels.Groups * kernel.RowGroupBytes + Vector - 1) / Vector;
        var blocks = CacheSizes.BlocksAlong((nint)vectors * columns * Vector);
        TileCall call = default;
        (call.AStride, call.JoinedStride, call.JoinedColumns) = (rows.AStride, rows.JoinedStride, TileCall.First(rows.JoinedColumns));
        for (var b = 0; b < blocks; b++)
        {
            int from = vectors * b / blocks, to = vectors * (b + 1) / blocks;
            call.Panel = (byte*)panels.At(column, 0) + (nint)from * columns * Vector;
            call.Groups = to - from;
            call.StartStride = b == 0 ? 0 : rows.JoinedStride;
            for (var row = 0; row < rows.Rows; row += most)
            {
                call.A = (byte*)rows.A + row * rows.AStride + from * Vector;
                call.Joined = (byte*)rows.Joined + row * rows.JoinedStride;
                call.Start = b == 0 ? panels.Start + column : call.Joined;
                kernel.RunAlong(&call, Math.Min(most, rows.Rows - row), columns, rows.Flips, panels.Apart);
            }
        }
    }

    /// <summary>All rows times a block of K.</summary>
    private static void Block(MicroKernel kernel, TileCall* call, in PackedPanels panels, int column, int vectors, in RowBlock rows, int from, bool last)
    {
        var begun = rows.Accumulate || from > 0;
        var start = begun || panels.Start == null ? null : panels.Start + column;
        var tile = rows.Tile == 0 ? rows.Rows : rows.Tile;
        var riding = kernel.TakesCheckRows ? rows.CheckRows : 0;
        var sums = last && rows.Sums;
        byte* a = (byte*)rows.A + (nint)from * kernel.RowGroupBytes * (rows.PairStride == 0 ? 1 : 2), checkA = (byte*)rows.CheckA + (nint)from * kernel.RowGroupBytes;
        byte* checks = (byte*)rows.Checks + column * MicroTile.GroupBytes, joined = last ? (byte*)rows.Joined : null;
        call->Bias = last && rows.Bias != null ? rows.Bias + column : null;
        // Calls reach across the border of two whole tiles where they cannot meet another. Further would take more micro-kernels in turn than the instruction cache likes.
        var crossing = kernel.CrossesTiles && tile >= kernel.Rows ? rows.Rows / tile : 0;
        var cut = new Cut(tile, rows.Rows, riding, kernel.Rows, crossing);
        while (cut.Row < rows.Rows)
        {
            var (t, row) = (cut.Tile, cut.Row);
            var check = cut.Advance();
            int own = cut.Row - row, above = Math.Min(own, (t + 1) * tile - row);
            call->A = a + row * rows.AStride;
            if (rows.PairStride != 0)
                Pair(call, a, row);
            call->CheckA = checkA + t * riding * rows.CheckAStride;
            call->C = (byte*)rows.C + row * rows.CStride + column * MicroTile.GroupBytes;
            call->Checks = checks + t * riding * rows.ChecksStride;
            call->Start = begun ? call->C : start;
            call->StartStride = begun ? rows.CStride : 0;
            call->RowLanes = (byte*)rows.RowLanes + row * MicroTile.Lanes * MicroTile.GroupBytes;
            call->RowSums = rows.RowSums == null ? null : (byte*)rows.RowSums + row * rows.RowSumStride;
            call->Joined = joined == null || (rows.CheckRows > 0 && !check) ? null : joined + (check ? t : row) * rows.JoinedStride;
            var summed = above > 0 ? t : t + 1;
            call->ColumnSums = (byte*)rows.ColumnSums + summed * rows.ColumnSumStride;
            call->ColumnsBegun = row > summed * tile || (row == 0 && rows.ColumnsBegun) ? 1 : 0;
            kernel.Run(call, own + (check ? riding : 0), vectors, sums, check, above < own ? above : 0);
            if (riding == 0 && rows.CheckRows > 0 && cut.Tile > t)
                Check(kernel, call, rows, vectors, checkA + t * rows.CheckRows * rows.CheckAStride, checks + t * rows.CheckRows * rows.ChecksStride, begun, start);
        }
    }

    /// <summary>A row of a pair: the next one is beside it, or begins the next pair.</summary>
    private static void Pair(TileCall* call, byte* a, int row)
    {
        call->A = a + row / 2 * call->PairStride + row % 2 * MicroTile.GroupBytes;
        call->AStride = row % 2 == 0 ? MicroTile.GroupBytes : call->PairStride - MicroTile.GroupBytes;
    }

    /// <summary>A tile's check rows in a call of their own.</summary>
    private static void Check(MicroKernel kernel, TileCall* call, in RowBlock rows, int vectors, byte* a, byte* checks, bool begun, int* start)
    {
        var (bias, aStride, cStride) = ((nint)call->Bias, call->AStride, call->CStride);
        call->A = a;
        call->AStride = rows.CheckAStride;
        call->C = checks;
        call->CStride = rows.ChecksStride;
        call->Start = begun ? checks : start;
        call->StartStride = begun ? rows.ChecksStride : 0;
        call->Bias = null;
        call->Joined = null;
        kernel.Run(call, rows.CheckRows, vectors, false, false);
        (call->AStride, call->CStride) = (aStride, cStride);
        call->Bias = (float*)bias;
    }

    /// <summary>How far calls have come among a block's lines: the rows of each tile, then its check rows.</summary>
    /// <param name="tile">Rows of a tile.</param>
    /// <param name="rows">Rows of the block.</param>
    /// <param name="riding">Check rows of a tile that are in its last call; they stay together.</param>
    /// <param name="most">Most lines of a call.</param>
    /// <param name="crossing">Tiles at the beginning that are taken in pairs, with calls that may reach from one into the other.</param>
    private struct Cut(int tile, int rows, int riding, int most, int crossing)
    {
        private int _line, _calls;

        /// <summary>The tile of the next line.</summary>
        public int Tile { get; private set; }

        /// <summary>The next row.</summary>
        public readonly int Row => Math.Min(rows, Tile * tile + _line);

        /// <summary>Goes on by a call, of nearly the height of those after it.</summary>
        /// <returns>Whether the call has the check rows of the tile that it begins in.</returns>
        public bool Advance()
        {
            var height = Math.Min(tile, rows - Tile * tile);
            var left = height + riding - _line + (Tile % 2 == 0 && Tile + 1 < crossing ? tile + riding : 0);
            if (_calls == 0 || left > _calls * most)
                _calls = (left + most - 1) / most;
            _line += (int)((uint)(left + _calls - 1) / (uint)_calls--);
            if (_line < height + riding)
            {
                _line = Math.Min(_line, height);
                return false;
            }

            _line -= height + riding;
            Tile++;
            return riding > 0;
        }
    }
}
