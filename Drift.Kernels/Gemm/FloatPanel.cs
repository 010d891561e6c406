namespace Drift.Kernels;

/// <summary>Rows times one packed panel, in register tiles: what the fp32 product, convolution and attention all come down to.</summary>
internal static unsafe class FloatPanel
{
    /// <summary>C [rows, columns] (+)= A [rows, depth] x panel, then the bias.</summary>
    /// <param name="a">First row of A.</param>
    /// <param name="aStride">Values between rows of A.</param>
    /// <param name="rows">Rows, at least 1.</param>
    /// <param name="panel">Packed, [depth][<see cref="FloatWeights.PanelColumns"/>].</param>
    /// <param name="depth">Values of K, at least 1.</param>
    /// <param name="c">First row of C.</param>
    /// <param name="cStride">Values between rows of C.</param>
    /// <param name="columns">Columns of the panel that exist.</param>
    /// <param name="accumulate">Whether C is added to.</param>
    /// <param name="bias">A value a column, added last; null for none.</param>
    public static void Multiply(float* a, nint aStride, int rows, float* panel, int depth, float* c, nint cStride, int columns, bool accumulate, float* bias = null)
    {
        RowBlock block = default;
        (block.AStride, block.CStride, block.Rows, block.Accumulate) = (aStride * sizeof(float), cStride * sizeof(float), rows, accumulate);
        block.A = a;
        block.C = c;
        block.Bias = bias;
        PanelProduct.Multiply(FloatKernels.Float, new PackedPanels(panel, depth, FloatWeights.PanelColumns, FloatWeights.PanelColumns, null), 0, columns, block, 0, depth);
    }
}
