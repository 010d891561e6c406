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

/// <summary>Largest magnitudes as bits, which scales are made of.</summary>
/// <param name="Activations">One a group of rows.</param>
/// <param name="Output">The clean output's.</param>
internal readonly record struct ScaleViews(ArrayView<int> Activations, ArrayView<int> Output);

/// <summary>An accumulator's way out, the verdict on it, and what mends it.</summary>
internal static class OutputKernels
{
    /// <summary>Values as the host's epilogue has them: clamp((float)acc x x scale x w scale, +-60000) + bias, each step rounded.</summary>
    /// <param name="flat">X counts columns, Y rows (<see cref="FlatIndex"/>).</param>
    /// <param name="c">Accumulators [rows, Stride].</param>
    /// <param name="largest">A group's largest activation as bits (<see cref="QuantiseKernels.Measure"/>).</param>
    /// <param name="weights">w scale a column.</param>
    /// <param name="bias">A value a column.</param>
    /// <param name="values">Takes [rows, columns].</param>
    /// <param name="rowsOfGroup">Rows under one x scale.</param>
    /// <param name="limit">Largest magnitude of a product before the bias.</param>
    /// <param name="e">Extents.</param>
    public static void Leave(
        Index1D flat, ArrayView<int> c, ArrayView<int> largest, ArrayView<float> weights, ArrayView<float> bias, ArrayView<float> values, int rowsOfGroup, float limit, OutputExtents e)
    {
        var index = FlatIndex.At(flat, e.Columns);
        values[index.Y * e.Columns + index.X] = Value(index.X, index.Y, c, largest, weights, bias, rowsOfGroup, limit, e);
    }

    /// <summary>The largest magnitude of a product's values, as bits.</summary>
    /// <param name="flat">X counts stretches of columns, Y rows (<see cref="FlatIndex"/>).</param>
    /// <param name="c">Accumulators [rows, Stride], clean.</param>
    /// <param name="largest">A group's largest activation as bits.</param>
    /// <param name="weights">w scale a column.</param>
    /// <param name="bias">A value a column.</param>
    /// <param name="most">Takes it; zero before.</param>
    /// <param name="rowsOfGroup">Rows under one x scale.</param>
    /// <param name="limit">Largest magnitude of a product before the bias.</param>
    /// <param name="e">Extents.</param>
    public static void Measure(
        Index1D flat, ArrayView<int> c, ArrayView<int> largest, ArrayView<float> weights, ArrayView<float> bias, ArrayView<int> most, int rowsOfGroup, float limit, OutputExtents e)
    {
        var index = FlatIndex.At(flat, (e.Columns + QuantiseKernels.Stretch - 1) / QuantiseKernels.Stretch);
        var magnitude = 0;
        for (var column = index.X * QuantiseKernels.Stretch; column < IntrinsicMath.Min((index.X + 1) * QuantiseKernels.Stretch, e.Columns); column++)
            magnitude = IntrinsicMath.Max(magnitude, (int)(Interop.FloatAsInt(Value(column, index.Y, c, largest, weights, bias, rowsOfGroup, limit, e)) & 0x7FFFFFFF));
        Atomic.Max(ref most[0], magnitude);
    }

    /// <summary>Values of the INT8 codes under the clean output's scale: the paper's way out.</summary>
    /// <param name="flat">X counts columns, Y rows (<see cref="FlatIndex"/>).</param>
    /// <param name="c">Accumulators [rows, Stride].</param>
    /// <param name="scales">A group's largest activation as bits, then the clean output's.</param>
    /// <param name="weights">w scale a column.</param>
    /// <param name="bias">A value a column.</param>
    /// <param name="values">Takes [rows, columns].</param>
    /// <param name="rowsOfGroup">Rows under one x scale.</param>
    /// <param name="limit">Largest magnitude of a product before the bias.</param>
    /// <param name="e">Extents.</param>
    public static void Saturate(
        Index1D flat, ArrayView<int> c, ScaleViews scales, ArrayView<float> weights, ArrayView<float> bias, ArrayView<float> values, int rowsOfGroup, float limit, OutputExtents e)
    {
        var index = FlatIndex.At(flat, e.Columns);
        var scale = Scale(scales.Output, 0);
        values[index.Y * e.Columns + index.X] = QuantiseKernels.Code(Value(index.X, index.Y, c, scales.Activations, weights, bias, rowsOfGroup, limit, e), scale) * scale;
    }

    /// <summary>Verifies and mends: an element whose row and column both deviate in its tile takes the checkpoint's value, or 0 where there is none.</summary>
    /// <param name="flat">X counts columns, Y rows (<see cref="FlatIndex"/>).</param>
    /// <param name="sums">The product's sums.</param>
    /// <param name="codes">The checkpoint's codes in its layout.</param>
    /// <param name="largest">The checkpoint's largest value as bits; 0 where there is no checkpoint.</param>
    /// <param name="values">[rows, columns].</param>
    /// <param name="e">Extents.</param>
    public static void Mend(Index1D flat, SumViews sums, ArrayView<sbyte> codes, ArrayView<int> largest, ArrayView<float> values, OutputExtents e)
    {
        var index = FlatIndex.At(flat, e.Columns);
        if (!Masks(index, sums, e))
            return;
        var scale = Scale(largest, 0);
        values[index.Y * e.Columns + index.X] = scale == 0 ? 0 : codes[Offset(e.Rows, e.Columns, index.Y, index.X, e.Layout)] * scale;
    }

    /// <summary><see cref="Mend"/> from fp32.</summary>
    /// <param name="flat">X counts columns, Y rows (<see cref="FlatIndex"/>).</param>
    /// <param name="sums">The product's sums.</param>
    /// <param name="kept">The checkpoint's values [rows, columns].</param>
    /// <param name="isKept">0 where there is no checkpoint.</param>
    /// <param name="values">[rows, columns].</param>
    /// <param name="e">Extents.</param>
    public static void MendWide(Index1D flat, SumViews sums, ArrayView<float> kept, int isKept, ArrayView<float> values, OutputExtents e)
    {
        var index = FlatIndex.At(flat, e.Columns);
        var at = index.Y * e.Columns + index.X;
        if (Masks(index, sums, e))
            values[at] = isKept == 0 ? 0 : kept[at];
    }

    /// <summary>A checkpoint of an output: codes under its scale, in the offload layout.</summary>
    /// <param name="flat">X counts columns, Y rows (<see cref="FlatIndex"/>).</param>
    /// <param name="values">[rows, columns].</param>
    /// <param name="largest">The output's largest value as bits.</param>
    /// <param name="codes">Takes the codes.</param>
    /// <param name="kept">Takes the largest value.</param>
    /// <param name="e">Extents.</param>
    public static void Repack(Index1D flat, ArrayView<float> values, ArrayView<int> largest, ArrayView<sbyte> codes, ArrayView<int> kept, OutputExtents e)
    {
        var index = FlatIndex.At(flat, e.Columns);
        codes[Offset(e.Rows, e.Columns, index.Y, index.X, e.Layout)] = (sbyte)QuantiseKernels.Code(values[index.Y * e.Columns + index.X], Scale(largest, 0));
        if (index.X == 0 && index.Y == 0)
            kept[0] = largest[0];
    }

    /// <summary>The way out of an fp32 product: y = c + bias, without the padding.</summary>
    /// <param name="flat">X counts columns, Y rows (<see cref="FlatIndex"/>).</param>
    /// <param name="c">The product [padded rows, Stride].</param>
    /// <param name="bias">A value a column.</param>
    /// <param name="values">Takes [rows, columns].</param>
    /// <param name="stride">Values from one row of the product to the next.</param>
    /// <param name="columns">Columns.</param>
    public static void AddBias(Index1D flat, ArrayView<float> c, ArrayView<float> bias, ArrayView<float> values, int stride, int columns)
    {
        var index = FlatIndex.At(flat, columns);
        values[index.Y * columns + index.X] = c[index.Y * stride + index.X] + bias[index.X];
    }

    /// <summary>A checkpoint of a wide output: its values.</summary>
    /// <param name="index">Values.</param>
    /// <param name="values">[rows, columns].</param>
    /// <param name="kept">Takes them.</param>
    public static void Keep(Index1D index, ArrayView<float> values, ArrayView<float> kept) => kept[index] = values[index];

    /// <summary>Where an element stands: <see cref="RowMajorLayout"/>'s or <see cref="TileRepackedLayout"/>'s.</summary>
    public static int Offset(int rows, int columns, int row, int column, int tile)
    {
        if (tile == 0)
            return row * columns + column;
        int top = row / tile * tile, left = column / tile * tile;
        return top * columns + IntrinsicMath.Min(tile, rows - top) * left + (row - top) * IntrinsicMath.Min(tile, columns - left) + column - left;
    }

    /// <summary>|deviation| above what is quiet, for -2^31 too.</summary>
    public static bool Deviates(int deviation, int quiet) => (uint)(deviation + quiet) > 2 * (uint)quiet;

    private static float Scale(ArrayView<int> largest, int group) => Interop.IntAsFloat((uint)largest[group]) / CodeRounder.LargestCode;

    private static float Value(
        int column, int row, ArrayView<int> c, ArrayView<int> largest, ArrayView<float> weights, ArrayView<float> bias, int rowsOfGroup, float limit, OutputExtents e)
    {
        var product = c[row * e.Stride + column] * Scale(largest, row / rowsOfGroup) * weights[column];
        return IntrinsicMath.Max(IntrinsicMath.Min(product, limit), -limit) + bias[column];
    }

    private static bool Masks(Index2D index, SumViews sums, OutputExtents e)
    {
        int row = index.Y * e.TileStride + index.X / e.Tile, column = index.Y / e.Tile * e.Stride + index.X;
        return Deviates(sums.ObservedRows[row] - sums.ExpectedRows[row], e.Quiet) && Deviates(sums.ObservedColumns[column] - sums.ExpectedColumns[column], e.Quiet);
    }
}
