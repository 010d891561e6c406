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
        var sum = default(FloatLanes16);
        for (var i = 0; i < e.Width; i += LaneMath.Lanes)
            sum = FloatLanes16.Add(sum, LaneMath.Load(x, at + i, e.Width - i, 0));
        var mean = LaneMath.Sum(sum) / e.Width;
        var squares = default(FloatLanes16);
        for (var i = 0; i < e.Width; i += LaneMath.Lanes)
            squares = LaneMath.AddSquares(squares, LaneMath.Load(x, at + i, e.Width - i, mean), mean);
        var inverse = 1 / MathF.Sqrt(LaneMath.Sum(squares) / e.Width + e.Epsilon);
        int shift = row / e.Tokens * e.Stride + e.Part, scale = shift + e.Width;
        for (var i = 0; i < e.Width; i++)
            y[at + i] = DeviceMath.FusedMultiplyAdd((x[at + i] - mean) * inverse, 1 + parts[scale + i], parts[shift + i]);
    }

    /// <summary>x += gate x branch: <see cref="GatedSum"/>.</summary>
    /// <param name="index">X counts values of a token, Y tokens.</param>
    /// <param name="x">[tokens, width]; overwritten.</param>
    /// <param name="branch">As x.</param>
    /// <param name="parts">[samples, Stride].</param>
    /// <param name="e">Extents.</param>
    public static void AddGated(Index2D index, ArrayView<float> x, ArrayView<float> branch, ArrayView<float> parts, ModulationExtents e)
    {
        var at = index.Y * e.Width + index.X;
        x[at] = DeviceMath.FusedMultiplyAdd(parts[index.Y / e.Tokens * e.Stride + e.Part + index.X], branch[at], x[at]);
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
}
