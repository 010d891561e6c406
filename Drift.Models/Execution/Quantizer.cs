using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Drift.Kernels;

namespace Drift.Models;

/// <summary>
/// Symmetric absmax quantisation, one scale a tensor ("tensor" is one picture's share of it). Every step rounds to fp32 in the order that the worked cases
/// fix: (float)acc x x scale x w scale, clamp to +-60000, + bias.
/// </summary>
public static class Quantizer
{
    /// <summary>Largest magnitude of a code.</summary>
    public const int LargestCode = 127;

    /// <summary>Largest magnitude of a dequantised product before the bias.</summary>
    public const float LargestProduct = 60000;

    /// <summary>The scale absmax / 127; 0 for values that are all 0.</summary>
    /// <param name="values">Finite values.</param>
    public static float Scale(ReadOnlySpan<float> values)
    {
        var whole = values.Length / VectorMath.Lanes * VectorMath.Lanes;
        var largest = Largest(values[..whole]);
        if (whole < values.Length)
            largest = Math.Max(largest, Reduce(Magnitude(VectorMath.Load(values[whole..]))));
        return BitConverter.Int32BitsToSingle(largest) / LargestCode;
    }

    /// <summary>Codes = round half to even of value / scale, clamped to +-127.</summary>
    /// <param name="values">[rows, width] row-major without gaps.</param>
    /// <param name="width">Values of a row.</param>
    /// <param name="scale">The scale; 0 gives codes of 0.</param>
    /// <param name="codes">Takes the rows at <paramref name="stride"/>.</param>
    /// <param name="stride">Codes from one row to the next, at least the width.</param>
    public static void Quantise(ReadOnlySpan<float> values, int width, float scale, Span<sbyte> codes, int stride)
    {
        if (scale == 0)
        {
            codes.Clear();
            return;
        }

        var divisor = Vector512.Create(scale);
        for (; !values.IsEmpty; values = values[width..], codes = codes[Math.Min(stride, codes.Length)..])
        {
            var j = 0;
            for (; j <= width - Vector128<sbyte>.Count; j += Vector128<sbyte>.Count)
            {
                var rounded = Vector512.ConvertToInt32(Code(Vector512.Create(values[j..]), divisor));
                var words = Vector256.Narrow(rounded.GetLower(), rounded.GetUpper());
                Vector128.Narrow(words.GetLower(), words.GetUpper()).CopyTo(codes[j..]);
            }

            for (; j < width; j++)
                codes[j] = (sbyte)Code(Vector512.Create(values[j]), divisor).ToScalar();
        }
    }

    /// <summary>Values of accumulators, dense.</summary>
    /// <param name="output">The product.</param>
    /// <param name="scale">x scale and w scale.</param>
    /// <param name="bias">N values, or empty.</param>
    /// <param name="values">Takes [M, N] row-major without gaps.</param>
    /// <returns>The largest magnitude.</returns>
    public static float Dequantise(GemmOutput output, ProductScale scale, ReadOnlySpan<float> bias, Span<float> values)
    {
        ArgumentNullException.ThrowIfNull(output);
        var n = output.Shape.N;
        var largest = 0;
        for (var i = 0; i < output.Shape.M; i++)
        {
            ReadOnlySpan<int> row = output.Row(i);
            var target = values.Slice(i * n, n);
            var whole = n / VectorMath.Lanes * VectorMath.Lanes;
            largest = Math.Max(largest, Dequantise(row[..whole], scale, bias, target));
            for (var j = whole; j < n; j++)
            {
                target[j] = Dequantise(row[j], scale, bias, j);
                largest = Math.Max(largest, BitConverter.SingleToInt32Bits(MathF.Abs(target[j])));
            }
        }

        return BitConverter.Int32BitsToSingle(largest);
    }

    /// <summary>The value of one accumulator, the same bits as in the dense form.</summary>
    /// <param name="accumulator">The accumulator.</param>
    /// <param name="scale">x scale and w scale.</param>
    /// <param name="bias">N values, or empty.</param>
    /// <param name="column">The accumulator's column.</param>
    public static float Dequantise(int accumulator, ProductScale scale, ReadOnlySpan<float> bias, int column)
    {
        var value = scale.Apply(Vector512.Create(accumulator)).ToScalar();
        return bias.IsEmpty ? value : value + bias[column];
    }

    /// <summary>Values to what their INT8 codes stand for: code x scale, in place. A value beyond the scale's range saturates.</summary>
    /// <param name="values">Values; overwritten.</param>
    /// <param name="scale">The scale; 0 gives 0.</param>
    public static void Requantise(Span<float> values, float scale)
    {
        if (scale == 0)
        {
            values.Clear();
            return;
        }

        var divisor = Vector512.Create(scale);
        ref var start = ref MemoryMarshal.GetReference(values);
        var i = 0;
        for (; i <= values.Length - VectorMath.Lanes; i += VectorMath.Lanes)
            (Code(Vector512.LoadUnsafe(ref start, (nuint)i), divisor) * divisor).StoreUnsafe(ref start, (nuint)i);
        if (i < values.Length)
            VectorMath.Store(Code(VectorMath.Load(values[i..]), divisor) * divisor, values[i..]);
    }

    /// <summary>Whole vectors of one row; returns the bits of the largest magnitude.</summary>
    private static int Dequantise(ReadOnlySpan<int> row, ProductScale scale, ReadOnlySpan<float> bias, Span<float> values)
    {
        ref var accumulator = ref MemoryMarshal.GetReference(row);
        ref var value = ref MemoryMarshal.GetReference(values);
        ref var offset = ref MemoryMarshal.GetReference(bias);
        var largest = Vector512<int>.Zero;
        for (var j = 0; j < row.Length; j += VectorMath.Lanes)
        {
            var y = scale.Apply(Vector512.LoadUnsafe(ref accumulator, (nuint)j));
            if (!bias.IsEmpty)
                y += Vector512.LoadUnsafe(ref offset, (nuint)j);
            y.StoreUnsafe(ref value, (nuint)j);
            largest = Vector512.Max(largest, Magnitude(y));
        }

        return Reduce(largest);
    }

    /// <summary>The bits of the largest magnitude of whole vectors. Magnitudes order as their bits do, and an integer maximum is one instruction.</summary>
    private static int Largest(ReadOnlySpan<float> values)
    {
        ref var start = ref MemoryMarshal.GetReference(values);
        var largest = Vector512<int>.Zero;
        for (var i = 0; i < values.Length; i += VectorMath.Lanes)
            largest = Vector512.Max(largest, Magnitude(Vector512.LoadUnsafe(ref start, (nuint)i)));
        return Reduce(largest);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Magnitude(Vector512<float> values) => values.AsInt32() & Vector512.Create(int.MaxValue);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Reduce(Vector512<int> values)
    {
        var eight = Vector256.Max(values.GetLower(), values.GetUpper());
        var four = Vector128.Max(eight.GetLower(), eight.GetUpper());
        return Math.Max(Math.Max(four.GetElement(0), four.GetElement(1)), Math.Max(four.GetElement(2), four.GetElement(3)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Code(Vector512<float> values, Vector512<float> scale)
    {
        var limit = Vector512.Create((float)LargestCode);
        return Vector512.MinNative(Vector512.MaxNative(Vector512.Round(values / scale), -limit), limit);
    }
}

/// <summary>What an accumulator is multiplied by: first the activations' scale, then the weights'.</summary>
/// <param name="Activations">x scale.</param>
/// <param name="Weights">w scale.</param>
public readonly record struct ProductScale(float Activations, float Weights)
{
    /// <summary>(float)acc x x scale x w scale, left to right, clamped to +-60000.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal Vector512<float> Apply(Vector512<int> accumulators)
    {
        var limit = Vector512.Create(Quantizer.LargestProduct);
        var value = Vector512.ConvertToSingle(accumulators) * Activations * Weights;
        return Vector512.MinNative(Vector512.MaxNative(value, -limit), limit);
    }
}
