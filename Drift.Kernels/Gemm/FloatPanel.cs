namespace Drift.Kernels;

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
    public static void Multiply(float* a, nint aStride, int rows, float* panels, nint panelStride, int depth, float* c, nint cStride, int columns, bool accumulate)
    {
        var kernel = FloatKernels.Float;
        TileCall call = default;
        (call.AStride, call.PanelStride, call.CStride, call.Groups) = (aStride * sizeof(float), FloatWeights.PanelColumns * sizeof(float), cStride * sizeof(float), depth);
        call.StartStride = call.CStride;
        var pieces = (rows + kernel.Rows - 1) / kernel.Rows;
        for (var piece = 0; piece < pieces; piece++)
        {
            int row = rows * piece / pieces, next = rows * (piece + 1) / pieces;
            var panel = panels;
            call.A = a + row * aStride;
            for (var column = 0; column < columns; column += FloatWeights.PanelColumns, panel += panelStride)
            {
                var width = Math.Min(FloatWeights.PanelColumns, columns - column);
                call.Panel = panel;
                call.C = c + row * cStride + column;
                call.Start = accumulate ? call.C : null;
                call.Columns = TileCall.First(width);
                kernel.Run(&call, next - row, (width + MicroTile.Lanes - 1) / MicroTile.Lanes, false, false);
            }
        }
    }
}
