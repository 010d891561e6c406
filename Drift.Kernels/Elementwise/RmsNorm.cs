using System.Runtime.Intrinsics;

namespace Drift.Kernels;

/// <summary>Root-mean-square normalisation over the last dimension (Zhang and Sennrich, arXiv 1910.07467), as T5 has it: no mean is taken away and nothing is added.</summary>
public static class RmsNorm
{
    /// <summary>y = x / sqrt(mean(x^2) + epsilon) x gain for each row; the sum runs in sixteen lanes.</summary>
    /// <param name="input">[rows, width] row-major.</param>
    /// <param name="gain">width values.</param>
    /// <param name="epsilon">Added to the mean square.</param>
    /// <param name="output">As long as the input; may be the input.</param>
    /// <exception cref="ArgumentException">A length disagrees with the width.</exception>
    public static void Apply(ReadOnlySpan<float> input, ReadOnlySpan<float> gain, float epsilon, Span<float> output)
    {
        var width = gain.Length;
        if (width == 0 || input.Length % width != 0 || output.Length < input.Length)
            throw new ArgumentException($"{input.Length} values are not rows of {width} that fit an output of {output.Length}", nameof(input));
        for (var start = 0; start < input.Length; start += width)
        {
            var x = input.Slice(start, width);
            var y = output.Slice(start, width);
            var inverse = Vector512.Create(1 / MathF.Sqrt(MeanSquare(x) + epsilon));
            for (var i = 0; i < width; i += VectorMath.Lanes)
                VectorMath.Store(VectorMath.Load(x[i..]) * inverse * VectorMath.Load(gain[i..]), y[i..]);
        }
    }

    private static float MeanSquare(ReadOnlySpan<float> row)
    {
        var sum = Vector512<float>.Zero;
        for (var i = 0; i < row.Length; i += VectorMath.Lanes)
        {
            var x = VectorMath.Load(row[i..]);
            sum = Vector512.FusedMultiplyAdd(x, x, sum);
        }

        return VectorMath.Sum(sum) / row.Length;
    }
}
