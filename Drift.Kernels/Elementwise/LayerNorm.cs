using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
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
    /// <exception cref="ArgumentException">A length disagrees with the width.</exception>
    public static void Modulate(ReadOnlySpan<float> input, ReadOnlySpan<float> scale, ReadOnlySpan<float> shift, float epsilon, Span<float> output) =>
        Apply(input, 1, scale, shift, epsilon, output);

    /// <summary>y = (x - mean) / sqrt(variance + epsilon) x gamma + beta for each row: the learned affine form.</summary>
    /// <param name="input">[rows, width] row-major.</param>
    /// <param name="gamma">width values.</param>
    /// <param name="beta">width values.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="output">As long as the input; may be the input.</param>
    /// <exception cref="ArgumentException">A length disagrees with the width.</exception>
    public static void Affine(ReadOnlySpan<float> input, ReadOnlySpan<float> gamma, ReadOnlySpan<float> beta, float epsilon, Span<float> output) =>
        Apply(input, 0, gamma, beta, epsilon, output);

    /// <summary>Both forms: a row's factors are <paramref name="unit"/> + <paramref name="scale"/>.</summary>
    private static void Apply(ReadOnlySpan<float> input, float unit, ReadOnlySpan<float> scale, ReadOnlySpan<float> shift, float epsilon, Span<float> output)
    {
        var width = scale.Length;
        if (width == 0 || input.Length % width != 0 || shift.Length != width || output.Length < input.Length)
            throw new ArgumentException($"{input.Length} values in rows of {width} need {width} shifts (not {shift.Length}) and as much output (not {output.Length})", nameof(scale));
        for (var start = 0; start < input.Length; start += width)
        {
            var row = input.Slice(start, width);
            var mean = Mean(row);
            Apply(row, mean, 1 / MathF.Sqrt(Variance(row, mean) + epsilon), unit, scale, shift, output.Slice(start, width));
        }
    }

    private static float Mean(ReadOnlySpan<float> row)
    {
        ref var x = ref MemoryMarshal.GetReference(row);
        var sum = Vector512<float>.Zero;
        var i = 0;
        for (; i <= row.Length - VectorMath.Lanes; i += VectorMath.Lanes)
            sum += Vector512.LoadUnsafe(ref x, (nuint)i);
        return (i == row.Length ? VectorMath.Sum(sum) : SumWithTail(sum, row[i..])) / row.Length;
    }

    private static float Variance(ReadOnlySpan<float> row, float mean)
    {
        ref var x = ref MemoryMarshal.GetReference(row);
        var (squares, centre) = (Vector512<float>.Zero, Vector512.Create(mean));
        var i = 0;
        for (; i <= row.Length - VectorMath.Lanes; i += VectorMath.Lanes)
        {
            var distance = Vector512.LoadUnsafe(ref x, (nuint)i) - centre;
            squares = Vector512.FusedMultiplyAdd(distance, distance, squares);
        }

        return (i == row.Length ? VectorMath.Sum(squares) : SquaresWithTail(squares, row[i..], mean)) / row.Length;
    }

    // The ragged ends are methods of their own: a sum that lived across their calls would be kept in memory through the loops above.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static float SumWithTail(Vector512<float> sum, ReadOnlySpan<float> tail) => VectorMath.Sum(sum + VectorMath.Load(tail));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static float SquaresWithTail(Vector512<float> squares, ReadOnlySpan<float> tail, float mean)
    {
        // Lanes past the end hold the mean, so that their distance is 0.
        var distance = VectorMath.Load(tail, mean) - Vector512.Create(mean);
        return VectorMath.Sum(Vector512.FusedMultiplyAdd(distance, distance, squares));
    }

    private static void Apply(ReadOnlySpan<float> row, float mean, float inverse, float unit, ReadOnlySpan<float> scale, ReadOnlySpan<float> shift, Span<float> output)
    {
        ref var x = ref MemoryMarshal.GetReference(row);
        ref var y = ref MemoryMarshal.GetReference(output);
        ref var gain = ref MemoryMarshal.GetReference(scale);
        ref var offset = ref MemoryMarshal.GetReference(shift);
        var units = Vector512.Create(unit);
        var i = 0;
        for (; i <= row.Length - VectorMath.Lanes; i += VectorMath.Lanes)
        {
            var at = (nuint)i;
            Modulated(Vector512.LoadUnsafe(ref x, at), mean, inverse, units + Vector512.LoadUnsafe(ref gain, at), Vector512.LoadUnsafe(ref offset, at)).StoreUnsafe(ref y, at);
        }

        if (i < row.Length)
            VectorMath.Store(Modulated(VectorMath.Load(row[i..]), mean, inverse, units + VectorMath.Load(scale[i..]), VectorMath.Load(shift[i..])), output[i..]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Modulated(Vector512<float> x, float mean, float inverse, Vector512<float> factor, Vector512<float> shift) =>
        Vector512.FusedMultiplyAdd((x - Vector512.Create(mean)) * inverse, factor, shift);
}
