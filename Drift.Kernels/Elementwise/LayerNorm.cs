using System.Runtime.Intrinsics;

namespace Drift.Kernels;

/// <summary>Layer normalisation over the last dimension.</summary>
public static class LayerNorm
{
    /// <summary>
    /// y = (x - mean) / sqrt(variance + epsilon) x (1 + scale) + shift for each row, as adaptive layer norm has it. The variance is the population's; sums
    /// run in sixteen lanes.
    /// </summary>
    /// <param name="input">[rows, width] row-major.</param>
    /// <param name="scale">width values.</param>
    /// <param name="shift">width values.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="output">As long as the input; may be the input.</param>
    public static void Modulate(ReadOnlySpan<float> input, ReadOnlySpan<float> scale, ReadOnlySpan<float> shift, float epsilon, Span<float> output)
    {
        var width = scale.Length;
        for (; !input.IsEmpty; input = input[width..], output = output[width..])
            Row(input[..width], scale, shift, epsilon, output[..width]);
    }

    private static void Row(ReadOnlySpan<float> input, ReadOnlySpan<float> scale, ReadOnlySpan<float> shift, float epsilon, Span<float> output)
    {
        var width = input.Length;
        var sum = Vector512<float>.Zero;
        for (var i = 0; i < width; i += VectorMath.Lanes)
            sum += VectorMath.Load(input[i..]);
        var mean = VectorMath.Sum(sum) / width;

        var squares = Vector512<float>.Zero;
        for (var i = 0; i < width; i += VectorMath.Lanes)
        {
            // Lanes past the end hold the mean, so that their distance is 0.
            var distance = VectorMath.Load(input[i..], mean) - Vector512.Create(mean);
            squares = Vector512.FusedMultiplyAdd(distance, distance, squares);
        }

        var inverse = 1 / MathF.Sqrt(VectorMath.Sum(squares) / width + epsilon);
        for (var i = 0; i < width; i += VectorMath.Lanes)
        {
            var normal = (VectorMath.Load(input[i..]) - Vector512.Create(mean)) * inverse;
            var modulated = Vector512.FusedMultiplyAdd(normal, VectorMath.Load(scale[i..]) + Vector512<float>.One, VectorMath.Load(shift[i..]));
            VectorMath.Store(modulated, output[i..]);
        }
    }
}
