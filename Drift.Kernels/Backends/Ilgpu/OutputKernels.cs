using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary>The extents of a layer's output.</summary>
/// <param name="Rows">M.</param>
/// <param name="Columns">N.</param>
/// <param name="Stride">Accumulators from one row to the next, and column sums from one tile row to the next.</param>
/// <param name="Tile">Edge of a checksum tile, at least 1.</param>
/// <param name="TileStride">Row sums from one row to the next.</param>
/// <param name="Quiet">The largest deviation that flags no line.</param>
/// <param name="Layout">Edge of the checkpoint's tiles, which stand one after the other; 0 for row-major.</param>
internal readonly record struct OutputExtents(int Rows, int Columns, int Stride, int Tile, int TileStride, int Quiet, int Layout);

/// <summary>An accumulator's way out, the verdict on it, and what mends it.</summary>
internal static class OutputKernels
{
    /// <summary>Values as the host's epilogue has them: clamp((float)acc x x scale x w scale, +-60000) + bias, each step rounded.</summary>
    /// <param name="index">X counts columns, Y rows.</param>
    /// <param name="c">Accumulators [rows, Stride].</param>
    /// <param name="largest">A group's largest activation as bits (<see cref="QuantiseKernels.Measure"/>).</param>
    /// <param name="weights">w scale a column.</param>
    /// <param name="bias">A value a column.</param>
    /// <param name="values">Takes [rows, columns].</param>
    /// <param name="rowsOfGroup">Rows under one x scale.</param>
    /// <param name="limit">Largest magnitude of a product before the bias.</param>
    /// <param name="e">Extents.</param>
    public static void Leave(
        Index2D index, ArrayView<int> c, ArrayView<int> largest, ArrayView<float> weights, ArrayView<float> bias, ArrayView<float> values, int rowsOfGroup, float limit, OutputExtents e)
    {
        var scale = Interop.IntAsFloat((uint)largest[index.Y / rowsOfGroup]) / CodeRounder.LargestCode;
        var product = c[index.Y * e.Stride + index.X] * scale * weights[index.X];
        values[index.Y * e.Columns + index.X] = IntrinsicMath.Max(IntrinsicMath.Min(product, limit), -limit) + bias[index.X];
    }

    /// <summary>Verifies and mends: an element whose row and column both deviate in its tile takes the checkpoint's value, or 0 where there is none.</summary>
    /// <param name="index">X counts columns, Y rows.</param>
    /// <param name="sums">The product's sums.</param>
    /// <param name="codes">The checkpoint's codes in its layout.</param>
    /// <param name="scale">The checkpoint's scale; 0 where there is no checkpoint.</param>
    /// <param name="values">[rows, columns].</param>
    /// <param name="mended">Takes the number of mended elements; zero before.</param>
    /// <param name="e">Extents.</param>
    public static void Mend(Index2D index, SumViews sums, ArrayView<sbyte> codes, float scale, ArrayView<float> values, ArrayView<int> mended, OutputExtents e)
    {
        int row = index.Y * e.TileStride + index.X / e.Tile, column = index.Y / e.Tile * e.Stride + index.X;
        if (!Deviates(sums.ObservedRows[row] - sums.ExpectedRows[row], e.Quiet) || !Deviates(sums.ObservedColumns[column] - sums.ExpectedColumns[column], e.Quiet))
            return;
        values[index.Y * e.Columns + index.X] = scale == 0 ? 0 : codes[Offset(e.Rows, e.Columns, index.Y, index.X, e.Layout)] * scale;
        Atomic.Add(ref mended[0], 1);
    }

    /// <summary>A checkpoint of an output: codes under a scale, in the offload layout.</summary>
    /// <param name="index">X counts columns, Y rows.</param>
    /// <param name="values">[rows, columns].</param>
    /// <param name="scale">The output's scale.</param>
    /// <param name="codes">Takes the codes.</param>
    /// <param name="e">Extents.</param>
    public static void Repack(Index2D index, ArrayView<float> values, float scale, ArrayView<sbyte> codes, OutputExtents e) =>
        codes[Offset(e.Rows, e.Columns, index.Y, index.X, e.Layout)] = (sbyte)QuantiseKernels.Code(values[index.Y * e.Columns + index.X], scale);

    /// <summary>Where an element stands: <see cref="RowMajorLayout"/>'s or <see cref="TileRepackedLayout"/>'s.</summary>
    public static int Offset(int rows, int columns, int row, int column, int tile)
    {
        if (tile == 0)
            return row * columns + column;
        int top = row / tile * tile, left = column / tile * tile;
        return top * columns + IntrinsicMath.Min(tile, rows - top) * left + (row - top) * IntrinsicMath.Min(tile, columns - left) + column - left;
    }

    /// <summary>|deviation| above what is quiet, for -2^31 too.</summary>
    private static bool Deviates(int deviation, int quiet) => (uint)(deviation + quiet) > 2 * (uint)quiet;
}
