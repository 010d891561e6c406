using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Drift.Kernels;

namespace Drift.Models;

/// <summary>Symmetric absmax quantisation to INT8, one scale for the values of a group: a picture's share of a tensor, a token of it, an output channel of weights.</summary>
public static class Quantizer
{
    /// <summary>The scale absmax / 127; 0 for values that are all 0.</summary>
    /// <param name="values">Finite values.</param>
    public static float Scale(ReadOnlySpan<float> values)
    {
        var whole = values.Length / VectorMath.Lanes * VectorMath.Lanes;
        var largest = Largest(values[..whole]);
        if (whole < values.Length)
            largest = MathF.Max(largest, Magnitudes.Reduce(Magnitudes.Of(VectorMath.Load(values[whole..]))));
        return largest / CodeRounder.LargestCode;
    }

    /// <summary>Codes = round half to even of value / scale, clamped to +-127.</summary>
    /// <param name="values">[rows, width] row-major without gaps.</param>
    /// <param name="width">Values of a row.</param>
    /// <param name="scale">The scale; 0 gives codes of 0.</param>
    /// <param name="codes">Takes the rows at <paramref name="stride"/>.</param>
    /// <param name="stride">Codes from one row to the next, at least the width.</param>
    public static void Quantise(ReadOnlySpan<float> values, int width, float scale, Span<sbyte> codes, int stride)
    {
        var rounding = new CodeRounder(scale);
        for (var row = 0; row * width < values.Length; row++)
            rounding.Round(values.Slice(row * width, width), codes.Slice(row * stride, width));
    }

    private static float Largest(ReadOnlySpan<float> values)
    {
        ref var start = ref MemoryMarshal.GetReference(values);
        var largest = Vector512<int>.Zero;
        for (var i = 0; i < values.Length; i += VectorMath.Lanes)
            largest = Vector512.Max(largest, Magnitudes.Of(Vector512.LoadUnsafe(ref start, (nuint)i)));
        return Magnitudes.Reduce(largest);
    }
}
