namespace Drift.Kernels;

/// <summary>Where a few rows' column sums go; all null for none. Sums along the rows are cheaper in the pass that reads the product next.</summary>
internal unsafe struct PanelSums
{
    /// <summary>Takes a sum a column, or has the rows before added to.</summary>
    public float* Columns;

    /// <summary>Whether there were rows before.</summary>
    public bool ColumnsBegun;

    /// <summary>One more row of A, which counts in no sum; null where there is none.</summary>
    public float* CheckRow;

    /// <summary>Takes its product.</summary>
    public float* Check;
}

/// <summary>A few rows times packed panels, with nothing around the micro-kernel: what attention's short products come down to.</summary>
internal static unsafe class FloatPanel
{
    /// <summary>C [rows, columns] (+)= A [rows, depth] x panels. Panels come from the second-level cache; rows that fit the first stay there.</summary>
    /// <param name="a">First row of A.</param>
    /// <param name="aStride">Values between rows of A.</param>
    /// <param name="rows">Rows, at least 1.</param>
    /// <param name="panels">First panel, [depth][<see cref="FloatWeights.PanelColumns"/>].</param>
    /// <param name="panelStride">Values from one panel to the next.</param>
    /// <param name="depth">Values of K, at least 1.</param>
    /// <param name="c">First row of C.</param>
    /// <param name="cStride">Values between rows of C.</param>
    /// <param name="columns">Columns, at least 1.</param>
    /// <param name="accumulate">Whether C is added to.</param>
    /// <param name="sums">Where line sums go; with sums, the rows are those of one register tile.</param>
    public static void Multiply(float* a, nint aStride, int rows, float* panels, nint panelStride, int depth, float* c, nint cStride, int columns, bool accumulate, in PanelSums sums = default)
    {
        var kernel = FloatKernels.Float;
        TileCall call = default;
        (call.AStride, call.PanelStride, call.CStride, call.Groups) = (aStride * sizeof(float), FloatWeights.PanelColumns * sizeof(float), cStride * sizeof(float), depth);
        call.StartStride = call.CStride;
        call.CheckA = sums.CheckRow;
        var riding = sums.CheckRow != null && kernel.TakesCheckRows ? 1 : 0;
        var pieces = (rows + riding + kernel.Rows - 1) / kernel.Rows;
        for (var piece = 0; piece < pieces; piece++)
        {
            int row = (rows + riding) * piece / pieces, next = (rows + riding) * (piece + 1) / pieces;
            var panel = panels;
            call.A = a + row * aStride;
            for (var column = 0; column < columns; column += FloatWeights.PanelColumns, panel += panelStride)
            {
                var width = Math.Min(FloatWeights.PanelColumns, columns - column);
                var vectors = (width + MicroTile.Lanes - 1) / MicroTile.Lanes;
                call.Panel = panel;
                call.C = c + row * cStride + column;
                call.Start = accumulate ? call.C : null;
                call.Columns = TileCall.First(width);
                call.ColumnSums = sums.Columns + column;
                call.ColumnsBegun = sums.ColumnsBegun || piece > 0 ? 1 : 0;
                call.Checks = sums.Check + column;
                kernel.Run(&call, next - row, vectors, sums.Columns != null, riding > 0 && piece == pieces - 1);
            }
        }

        if (sums.CheckRow != null && riding == 0)
            Multiply(sums.CheckRow, aStride, 1, panels, panelStride, depth, sums.Check, columns, columns, false);
    }
}
