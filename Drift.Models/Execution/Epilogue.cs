using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Drift.Kernels;

namespace Drift.Models;

/// <summary>
/// An accumulator's way out: y = clamp((float)acc x x scale x w scale, +-60000) + bias, every step rounded to fp32 in this order; then, where outputs saturate,
/// the value of y's INT8 code under the output's scale.
/// </summary>
public readonly ref struct Epilogue
{
    /// <summary>Largest magnitude of a product before the bias.</summary>
    public const float LargestProduct = 60000;

    private readonly ReadOnlySpan<float> _activations, _weights, _bias;

    /// <summary>The way out of a product's accumulators.</summary>
    /// <param name="activations">x scale: one value, or one a row.</param>
    /// <param name="weights">w scale of each of N columns.</param>
    /// <param name="bias">N values, or empty.</param>
    /// <exception cref="ArgumentException">There is no x scale, or the bias has another length.</exception>
    public Epilogue(ReadOnlySpan<float> activations, ReadOnlySpan<float> weights, ReadOnlySpan<float> bias)
    {
        if (activations.IsEmpty || (!bias.IsEmpty && bias.Length != weights.Length))
            throw new ArgumentException($"{weights.Length} columns need an x scale and as many biases or none, not {activations.Length} and {bias.Length}", nameof(activations));
        _activations = activations;
        _weights = weights;
        _bias = bias;
    }

    /// <summary>The largest |y| of a product: 127 times the scale of its output.</summary>
    /// <param name="output">The product.</param>
    public float Largest(GemmOutput output)
    {
        ArgumentNullException.ThrowIfNull(output);
        if (_activations.Length == 1)
            return LargestOfColumns(output);
        var largest = 0f;
        for (var i = 0; i < output.Shape.M; i++)
            largest = MathF.Max(largest, LargestOfRow(output, i));
        return largest;
    }

    /// <summary>Values of all accumulators.</summary>
    /// <param name="output">The product.</param>
    /// <param name="scale">Scale of a saturating output; null for a wide one.</param>
    /// <param name="values">Takes [M, N] row-major without gaps.</param>
    public void Apply(GemmOutput output, float? scale, Span<float> values)
    {
        ArgumentNullException.ThrowIfNull(output);
        var n = output.Shape.N;
        var whole = n / VectorMath.Lanes * VectorMath.Lanes;
        for (var i = 0; i < output.Shape.M; i++)
        {
            ReadOnlySpan<int> row = output.Row(i);
            var target = values.Slice(i * n, n);
            if (scale is { } saturating)
                Saturating(row[..whole], OfRow(i), saturating, target);
            else
                Wide(row[..whole], OfRow(i), target);
            for (var j = whole; j < n; j++)
                target[j] = Apply(row[j], i, j, scale);
        }
    }

    /// <summary>The value of one accumulator, the same bits as in the dense form.</summary>
    /// <param name="accumulator">The accumulator.</param>
    /// <param name="row">Its row.</param>
    /// <param name="column">Its column.</param>
    /// <param name="scale">Scale of a saturating output; null for a wide one.</param>
    public float Apply(int accumulator, int row, int column, float? scale = null)
    {
        var product = Math.Clamp(accumulator * OfRow(row) * _weights[column], -LargestProduct, LargestProduct);
        var y = _bias.IsEmpty ? product : product + _bias[column];
        return scale is { } s ? new CodeRounder(s).Round(y) * s : y;
    }

    private float OfRow(int row) => _activations[_activations.Length == 1 ? 0 : row];

    /// <summary>
    /// The largest |y| under one x scale. y never falls as its accumulator rises, so a column's extremes tell, and finding those takes two integer instructions a
    /// vector.
    /// </summary>
    private float LargestOfColumns(GemmOutput output)
    {
        var n = output.Shape.N;
        ref var weight = ref MemoryMarshal.GetReference(_weights);
        ref var offset = ref MemoryMarshal.GetReference(_bias);
        var (activation, widest) = (OfRow(0), Vector512<int>.Zero);
        var j = 0;
        for (; j <= n - VectorMath.Lanes; j += VectorMath.Lanes)
        {
            var (least, most) = Extremes(output, j);
            widest = Vector512.Max(widest, Magnitudes.Of(Lanes(least, activation, ref weight, ref offset, _bias.IsEmpty, (nuint)j)));
            widest = Vector512.Max(widest, Magnitudes.Of(Lanes(most, activation, ref weight, ref offset, _bias.IsEmpty, (nuint)j)));
        }

        var largest = Magnitudes.Reduce(widest);
        for (; j < n; j++)
        {
            for (var i = 0; i < output.Shape.M; i++)
                largest = MathF.Max(largest, MathF.Abs(Apply(output.Row(i)[j], 0, j)));
        }

        return largest;
    }

    /// <summary>The largest |y| of a row.</summary>
    private float LargestOfRow(GemmOutput output, int i)
    {
        ReadOnlySpan<int> row = output.Row(i);
        var whole = row.Length / VectorMath.Lanes * VectorMath.Lanes;
        ref var accumulator = ref MemoryMarshal.GetReference(row);
        ref var weight = ref MemoryMarshal.GetReference(_weights);
        ref var offset = ref MemoryMarshal.GetReference(_bias);
        var activation = OfRow(i);
        var most = Vector512<int>.Zero;
        for (var j = 0; j < whole; j += VectorMath.Lanes)
            most = Vector512.Max(most, Magnitudes.Of(Lanes(ref accumulator, activation, ref weight, ref offset, _bias.IsEmpty, (nuint)j)));
        var largest = Magnitudes.Reduce(most);
        for (var j = whole; j < row.Length; j++)
            largest = MathF.Max(largest, MathF.Abs(Apply(row[j], i, j)));
        return largest;
    }

    private static (Vector512<int> Least, Vector512<int> Most) Extremes(GemmOutput output, int column)
    {
        ref var accumulator = ref output.Accumulators[column];
        var (least, most) = (Vector512.Create(int.MaxValue), Vector512.Create(int.MinValue));
        for (var i = 0; i < output.Shape.M; i++)
        {
            var values = Vector512.LoadUnsafe(ref accumulator, (nuint)i * (nuint)output.Stride);
            least = Vector512.Min(least, values);
            most = Vector512.Max(most, values);
        }

        return (least, most);
    }

    private void Saturating(ReadOnlySpan<int> row, float activation, float scale, Span<float> values)
    {
        var rounding = new CodeRounder(scale);
        ref var accumulator = ref MemoryMarshal.GetReference(row);
        ref var weight = ref MemoryMarshal.GetReference(_weights);
        ref var offset = ref MemoryMarshal.GetReference(_bias);
        ref var value = ref MemoryMarshal.GetReference(values);
        for (var j = 0; j < row.Length; j += VectorMath.Lanes)
            (rounding.Round(Lanes(ref accumulator, activation, ref weight, ref offset, _bias.IsEmpty, (nuint)j)) * scale).StoreUnsafe(ref value, (nuint)j);
    }

    private void Wide(ReadOnlySpan<int> row, float activation, Span<float> values)
    {
        ref var accumulator = ref MemoryMarshal.GetReference(row);
        ref var weight = ref MemoryMarshal.GetReference(_weights);
        ref var offset = ref MemoryMarshal.GetReference(_bias);
        ref var value = ref MemoryMarshal.GetReference(values);
        for (var j = 0; j < row.Length; j += VectorMath.Lanes)
            Lanes(ref accumulator, activation, ref weight, ref offset, _bias.IsEmpty, (nuint)j).StoreUnsafe(ref value, (nuint)j);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Lanes(ref int accumulator, float activation, ref float weight, ref float bias, bool unbiased, nuint at) =>
        Lanes(Vector512.LoadUnsafe(ref accumulator, at), activation, ref weight, ref bias, unbiased, at);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Lanes(Vector512<int> accumulators, float activation, ref float weight, ref float bias, bool unbiased, nuint at)
    {
        var limit = Vector512.Create(LargestProduct);
        var product = Vector512.ConvertToSingle(accumulators) * activation * Vector512.LoadUnsafe(ref weight, at);
        var clamped = Vector512.MinNative(Vector512.MaxNative(product, -limit), limit);
        return unbiased ? clamped : clamped + Vector512.LoadUnsafe(ref bias, at);
    }
}
