using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
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
    /// <param name="threads">Most threads to use, at least 1.</param>
    /// <exception cref="ArgumentException">A length disagrees with the width.</exception>
    public static unsafe void Apply(ReadOnlySpan<float> input, ReadOnlySpan<float> gain, float epsilon, Span<float> output, int threads = 1)
    {
        var width = gain.Length;
        if (width == 0 || input.Length % width != 0 || output.Length < input.Length)
            throw new ArgumentException($"{input.Length} values are not rows of {width} that fit an output of {output.Length}", nameof(input));
        fixed (float* x = input, factors = gain, y = output)
        {
            float* source = x, gains = factors, target = y;
            RowShare.Run(input.Length / width, width, threads, (first, end) =>
            {
                for (var row = first; row < end; row++)
                    Row(new ReadOnlySpan<float>(source + (nint)row * width, width), new ReadOnlySpan<float>(gains, width), epsilon, new Span<float>(target + (nint)row * width, width));
            });
        }
    }

    private static void Row(ReadOnlySpan<float> x, ReadOnlySpan<float> gain, float epsilon, Span<float> y)
    {
        ref var source = ref MemoryMarshal.GetReference(x);
        ref var factors = ref MemoryMarshal.GetReference(gain);
        ref var target = ref MemoryMarshal.GetReference(y);
        var sum = Vector512<float>.Zero;
        var i = 0;
        for (; i <= x.Length - VectorMath.Lanes; i += VectorMath.Lanes)
        {
            var v = Vector512.LoadUnsafe(ref source, (nuint)i);
            sum = Vector512.FusedMultiplyAdd(v, v, sum);
        }

        var square = i == x.Length ? VectorMath.Sum(sum) : SumWithTail(sum, x[i..]);
        var inverse = Vector512.Create(1 / MathF.Sqrt(square / x.Length + epsilon));
        for (i = 0; i <= x.Length - VectorMath.Lanes; i += VectorMath.Lanes)
            (Vector512.LoadUnsafe(ref source, (nuint)i) * inverse * Vector512.LoadUnsafe(ref factors, (nuint)i)).StoreUnsafe(ref target, (nuint)i);
        if (i < x.Length)
            ScaleTail(x[i..], inverse, gain[i..], y[i..]);
    }

    // The ragged ends are methods of their own: what lived across their calls would be kept in memory through the loops above.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static float SumWithTail(Vector512<float> sum, ReadOnlySpan<float> tail)
    {
        var v = VectorMath.Load(tail);
        return VectorMath.Sum(Vector512.FusedMultiplyAdd(v, v, sum));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ScaleTail(ReadOnlySpan<float> x, Vector512<float> inverse, ReadOnlySpan<float> gain, Span<float> y) =>
        VectorMath.Store(VectorMath.Load(x) * inverse * VectorMath.Load(gain), y);
}
