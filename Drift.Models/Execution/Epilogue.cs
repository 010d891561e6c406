using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Drift.Kernels;

namespace Drift.Models;

/// <summary>
/// An accumulator's way out: y = clamp((float)acc x x scale x w scale, +-60000) + bias, every step rounded to fp32 in this order; then, where outputs saturate,
/// the value of y's INT8 code under the output's scale.
/// </summary>
/// <param name="activations">x scale.</param>
/// <param name="weights">w scale.</param>
public readonly struct Epilogue(float activations, float weights)
{
    /// <summary>Largest magnitude of a product before the bias.</summary>
    public const float LargestProduct = 60000;

    private readonly float _activations = activations;
    private readonly float _weights = weights;

    /// <summary>
    /// The largest |y| of a product: 127 times the scale of its output. y never falls as its accumulator rises, so a column's extremes tell, and finding those
    /// takes two integer instructions a vector.
    /// </summary>
    /// <param name="output">The product.</param>
    /// <param name="bias">N values, or empty.</param>
    public float Largest(GemmOutput output, ReadOnlySpan<float> bias)
    {
        ArgumentNullException.ThrowIfNull(output);
        var n = output.Shape.N;
        var largest = 0f;
        var j = 0;
        for (; j <= n - VectorMath.Lanes; j += VectorMath.Lanes)
        {
            var (least, most) = Extremes(output, j);
            for (var lane = 0; lane < VectorMath.Lanes; lane++)
                largest = MathF.Max(largest, Largest(least.GetElement(lane), most.GetElement(lane), Bias(bias, j + lane)));
        }

        for (; j < n; j++)
        {
            for (var i = 0; i < output.Shape.M; i++)
            {
                var accumulator = output.Row(i)[j];
                largest = MathF.Max(largest, Largest(accumulator, accumulator, Bias(bias, j)));
            }
        }

        return largest;
    }

    /// <summary>Values of all accumulators.</summary>
    /// <param name="output">The product.</param>
    /// <param name="bias">N values, or empty.</param>
    /// <param name="outputScale">Scale of a saturating output; null for a wide one.</param>
    /// <param name="values">Takes [M, N] row-major without gaps.</param>
    public void Apply(GemmOutput output, ReadOnlySpan<float> bias, float? outputScale, Span<float> values)
    {
        ArgumentNullException.ThrowIfNull(output);
        var n = output.Shape.N;
        var whole = n / VectorMath.Lanes * VectorMath.Lanes;
        for (var i = 0; i < output.Shape.M; i++)
        {
            ReadOnlySpan<int> row = output.Row(i);
            var target = values.Slice(i * n, n);
            if (outputScale is { } scale)
                Saturating(row[..whole], bias, scale, target);
            else
                Wide(row[..whole], bias, target);
            for (var j = whole; j < n; j++)
                target[j] = Apply(row[j], Bias(bias, j), outputScale);
        }
    }

    /// <summary>The value of one accumulator, the same bits as in the dense form.</summary>
    /// <param name="accumulator">The accumulator.</param>
    /// <param name="bias">Its column's bias.</param>
    /// <param name="outputScale">Scale of a saturating output; null for a wide one.</param>
    public float Apply(int accumulator, float bias, float? outputScale = null)
    {
        var y = Math.Clamp(accumulator * _activations * _weights, -LargestProduct, LargestProduct) + bias;
        return outputScale is { } scale ? new CodeRounder(scale).Round(y) * scale : y;
    }

    private static float Bias(ReadOnlySpan<float> bias, int column) => bias.IsEmpty ? 0 : bias[column];

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

    private float Largest(int least, int most, float bias) => MathF.Max(MathF.Abs(Apply(least, bias)), MathF.Abs(Apply(most, bias)));

    private void Saturating(ReadOnlySpan<int> row, ReadOnlySpan<float> bias, float scale, Span<float> values)
    {
        var rounding = new CodeRounder(scale);
        ref var accumulator = ref MemoryMarshal.GetReference(row);
        ref var offset = ref MemoryMarshal.GetReference(bias);
        ref var value = ref MemoryMarshal.GetReference(values);
        for (var j = 0; j < row.Length; j += VectorMath.Lanes)
            (rounding.Round(Lanes(ref accumulator, ref offset, bias.IsEmpty, (nuint)j)) * scale).StoreUnsafe(ref value, (nuint)j);
    }

    private void Wide(ReadOnlySpan<int> row, ReadOnlySpan<float> bias, Span<float> values)
    {
        ref var accumulator = ref MemoryMarshal.GetReference(row);
        ref var offset = ref MemoryMarshal.GetReference(bias);
        ref var value = ref MemoryMarshal.GetReference(values);
        for (var j = 0; j < row.Length; j += VectorMath.Lanes)
            Lanes(ref accumulator, ref offset, bias.IsEmpty, (nuint)j).StoreUnsafe(ref value, (nuint)j);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector512<float> Lanes(ref int accumulator, ref float bias, bool unbiased, nuint at)
    {
        var limit = Vector512.Create(LargestProduct);
        var product = Vector512.ConvertToSingle(Vector512.LoadUnsafe(ref accumulator, at)) * _activations * _weights;
        var clamped = Vector512.MinNative(Vector512.MaxNative(product, -limit), limit);
        return unbiased ? clamped : clamped + Vector512.LoadUnsafe(ref bias, at);
    }
}
