using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary>Rows of tokens with shifts, scales and gates of their sample.</summary>
/// <param name="Width">Values of a token.</param>
/// <param name="Tokens">Tokens of a sample.</param>
/// <param name="Stride">Values of a sample's parts.</param>
/// <param name="Part">Where the shift, which the scale follows, or the gate begins.</param>
/// <param name="Epsilon">Added to a variance.</param>
internal readonly record struct ModulationExtents(int Width, int Tokens, int Stride, int Part, float Epsilon);

/// <summary>What transformers do between their products, as the host does it.</summary>
internal static class TensorKernels
{
    /// <summary>Layer normalisation with a sample's shift and scale: <see cref="LayerNorm.Modulate"/>.</summary>
    /// <param name="row">A token.</param>
    /// <param name="x">[tokens, width].</param>
    /// <param name="parts">[samples, Stride].</param>
    /// <param name="y">Takes as many values as x; may be x.</param>
    /// <param name="e">Extents.</param>
    public static void Modulate(Index1D row, ArrayView<float> x, ArrayView<float> parts, ArrayView<float> y, ModulationExtents e)
    {
        var at = row * e.Width;
        var moments = Moments(x, at, e.Width, e.Epsilon);
        int shift = row / e.Tokens * e.Stride + e.Part, scale = shift + e.Width;
        for (var i = 0; i < e.Width; i++)
            y[at + i] = DeviceMath.FusedMultiplyAdd((x[at + i] - moments.Mean) * moments.Inverse, 1 + parts[scale + i], parts[shift + i]);
    }

    /// <summary>Layer normalisation with learned factors: <see cref="LayerNorm.Affine"/>.</summary>
    /// <param name="row">A token.</param>
    /// <param name="x">[tokens, width].</param>
    /// <param name="gamma">width factors.</param>
    /// <param name="beta">width addends.</param>
    /// <param name="y">Takes as many values as x; may be x.</param>
    /// <param name="width">Values of a token.</param>
    /// <param name="epsilon">Added to a variance.</param>
    public static void Affine(Index1D row, ArrayView<float> x, ArrayView<float> gamma, ArrayView<float> beta, ArrayView<float> y, int width, float epsilon)
    {
        var at = row * width;
        var moments = Moments(x, at, width, epsilon);
        for (var i = 0; i < width; i++)
            y[at + i] = DeviceMath.FusedMultiplyAdd((x[at + i] - moments.Mean) * moments.Inverse, gamma[i], beta[i]);
    }

    /// <summary>x += gate x branch: <see cref="GatedSum"/>.</summary>
    /// <param name="flat">X counts values of a token, Y tokens (<see cref="FlatIndex"/>).</param>
    /// <param name="x">[tokens, width]; overwritten.</param>
    /// <param name="branch">As x.</param>
    /// <param name="parts">[samples, Stride].</param>
    /// <param name="e">Extents.</param>
    public static void AddGated(Index1D flat, ArrayView<float> x, ArrayView<float> branch, ArrayView<float> parts, ModulationExtents e)
    {
        var index = FlatIndex.At(flat, e.Width);
        var at = index.Y * e.Width + index.X;
        x[at] = DeviceMath.FusedMultiplyAdd(parts[index.Y / e.Tokens * e.Stride + e.Part + index.X], branch[at], x[at]);
    }

    /// <summary>x += y in every row of a sample: <see cref="Activation.AddToRows"/>.</summary>
    /// <param name="flat">X counts values of a token, Y tokens (<see cref="FlatIndex"/>).</param>
    /// <param name="x">[tokens, width]; overwritten.</param>
    /// <param name="parts">[samples, Stride].</param>
    /// <param name="e">Extents.</param>
    public static void AddToRows(Index1D flat, ArrayView<float> x, ArrayView<float> parts, ModulationExtents e)
    {
        var index = FlatIndex.At(flat, e.Width);
        x[index.Y * e.Width + index.X] += parts[index.Y / e.Tokens * e.Stride + e.Part + index.X];
    }

    /// <summary>x += y.</summary>
    /// <param name="index">A value.</param>
    /// <param name="x">Overwritten.</param>
    /// <param name="y">As many values.</param>
    public static void Add(Index1D index, ArrayView<float> x, ArrayView<float> y) => x[index] += y[index];

    /// <summary><see cref="Gelu.Tanh(Span{float})"/>.</summary>
    /// <param name="index">A value.</param>
    /// <param name="values">Overwritten.</param>
    public static void GeluTanh(Index1D index, ArrayView<float> values)
    {
        var x = values[index];
        values[index] = LaneMath.TimesSigmoid(x, DeviceMath.FusedMultiplyAdd(x * x, x * 0.044715f, x) * (2 * 0.7978845608028654f));
    }

    /// <summary><see cref="Activation.Silu(Span{float})"/>.</summary>
    /// <param name="index">A value.</param>
    /// <param name="values">Overwritten.</param>
    public static void Silu(Index1D index, ArrayView<float> values) => values[index] = LaneMath.TimesSigmoid(values[index], values[index]);

    /// <summary><see cref="Gelu.Gate"/>.</summary>
    /// <param name="flat">X counts values of half a row, Y rows (<see cref="FlatIndex"/>).</param>
    /// <param name="values">[rows, 2 width].</param>
    /// <param name="output">Takes [rows, width].</param>
    /// <param name="width">Values of half a row.</param>
    public static void GateGelu(Index1D flat, ArrayView<float> values, ArrayView<float> output, int width)
    {
        var index = FlatIndex.At(flat, width);
        var at = index.Y * 2 * width + index.X;
        output[index.Y * width + index.X] = values[at] * GeluExact(values[at + width]);
    }

    /// <summary><see cref="Gelu.Exact(Span{float})"/> of one value, step by step.</summary>
    private static float GeluExact(float x)
    {
        var z = IntrinsicMath.Abs(x) * 0.7071067811865476f;
        var t = 1 / DeviceMath.FusedMultiplyAdd(z, 0.3275911f, 1);
        var sum = DeviceMath.FusedMultiplyAdd(t, 1.061405429f, -1.453152027f);
        sum = DeviceMath.FusedMultiplyAdd(t, sum, 1.421413741f);
        sum = DeviceMath.FusedMultiplyAdd(t, sum, -0.284496736f);
        sum = DeviceMath.FusedMultiplyAdd(t, sum, 0.254829592f);
        var tail = DeviceMath.Multiply(t * sum * 0.5f, LaneMath.ExpOfNonPositive(-z * z));
        return x * (x < 0 ? tail : 1 - tail);
    }

    private static RowMoments Moments(ArrayView<float> x, int at, int width, float epsilon)
    {
        var sum = default(FloatLanes16);
        for (var i = 0; i < width; i += LaneMath.Lanes)
            sum = FloatLanes16.Add(sum, LaneMath.Load(x, at + i, width - i, 0));
        var mean = LaneMath.Sum(sum) / width;
        var squares = default(FloatLanes16);
        for (var i = 0; i < width; i += LaneMath.Lanes)
            squares = LaneMath.AddSquares(squares, LaneMath.Load(x, at + i, width - i, mean), mean);
        return new RowMoments(mean, 1 / MathF.Sqrt(LaneMath.Sum(squares) / width + epsilon));
    }

    /// <summary>What a row is normalised with.</summary>
    private readonly record struct RowMoments(float Mean, float Inverse);
}
