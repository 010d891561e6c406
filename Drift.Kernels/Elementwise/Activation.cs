using System.Runtime.Intrinsics;

namespace Drift.Kernels;

/// <summary>Activations and sums, value by value, in place.</summary>
public static class Activation
{
    /// <summary>x = x sigmoid(x).</summary>
    /// <param name="x">The values.</param>
    public static void Silu(Span<float> x)
    {
        for (var i = 0; i < x.Length; i += VectorMath.Lanes)
        {
            var v = VectorMath.Load(x[i..]);
            VectorMath.Store(VectorMath.TimesSigmoid(v, v), x[i..]);
        }
    }

    /// <summary>x = max(x, 0); NaN stays NaN.</summary>
    /// <param name="x">The values.</param>
    public static void Relu(Span<float> x)
    {
        for (var i = 0; i < x.Length; i += VectorMath.Lanes)
        {
            var v = VectorMath.Load(x[i..]);
            VectorMath.Store(Vector512.ConditionalSelect(Vector512.LessThan(v, Vector512<float>.Zero), Vector512<float>.Zero, v), x[i..]);
        }
    }

    /// <summary>x = x + y.</summary>
    /// <param name="x">The values.</param>
    /// <param name="y">As many values.</param>
    public static void Add(Span<float> x, ReadOnlySpan<float> y)
    {
        for (var i = 0; i < x.Length; i += VectorMath.Lanes)
            VectorMath.Store(VectorMath.Load(x[i..]) + VectorMath.Load(y[i..]), x[i..]);
    }

    /// <summary>x = x y.</summary>
    /// <param name="x">The values.</param>
    /// <param name="y">As many values.</param>
    public static void Multiply(Span<float> x, ReadOnlySpan<float> y)
    {
        for (var i = 0; i < x.Length; i += VectorMath.Lanes)
            VectorMath.Store(VectorMath.Load(x[i..]) * VectorMath.Load(y[i..]), x[i..]);
    }
}
