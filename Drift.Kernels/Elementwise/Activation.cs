using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Drift.Kernels;

/// <summary>Activations and sums, value by value, in place.</summary>
public static class Activation
{
    /// <summary>x = x sigmoid(x).</summary>
    /// <param name="x">The values.</param>
    public static void Silu(Span<float> x) => VectorForm.Apply<SiluForm>(x, x);

    /// <summary>y = x sigmoid(x).</summary>
    /// <param name="x">The values.</param>
    /// <param name="y">As many; may be the same.</param>
    /// <param name="threads">Most threads to use, at least 1.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Silu(ReadOnlySpan<float> x, Span<float> y, int threads = 1) => VectorForm.Apply<SiluForm>(x, y, threads);

    /// <summary>x = max(x, 0); NaN stays NaN.</summary>
    /// <param name="x">The values.</param>
    public static void Relu(Span<float> x) => VectorForm.Apply<ReluForm>(x, x);

    /// <summary>x = x + y.</summary>
    /// <param name="x">The values.</param>
    /// <param name="y">As many values.</param>
    /// <exception cref="ArgumentException">There are fewer.</exception>
    public static void Add(Span<float> x, ReadOnlySpan<float> y)
    {
        if (y.Length < x.Length)
            throw new ArgumentException($"{y.Length} values cannot be added to {x.Length}", nameof(y));
        ref var sum = ref MemoryMarshal.GetReference(x);
        ref var addend = ref MemoryMarshal.GetReference(y);
        var i = 0;
        for (; i <= x.Length - VectorMath.Lanes; i += VectorMath.Lanes)
            (Vector512.LoadUnsafe(ref sum, (nuint)i) + Vector512.LoadUnsafe(ref addend, (nuint)i)).StoreUnsafe(ref sum, (nuint)i);
        if (i < x.Length)
            VectorMath.Store(VectorMath.Load(x[i..]) + VectorMath.Load(y[i..x.Length]), x[i..]);
    }

    /// <summary>x = x + y in every row.</summary>
    /// <param name="x">[rows, width].</param>
    /// <param name="y">width values.</param>
    /// <exception cref="ArgumentException">The width does not divide the values.</exception>
    public static void AddToRows(Span<float> x, ReadOnlySpan<float> y)
    {
        if (y.IsEmpty || x.Length % y.Length != 0)
            throw new ArgumentException($"{x.Length} values are not whole rows of {y.Length}", nameof(y));
        for (var start = 0; start < x.Length; start += y.Length)
            Add(x.Slice(start, y.Length), y);
    }

    private readonly struct SiluForm : IVectorForm
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Apply(ref Vector512<float> x0, ref Vector512<float> x1, ref Vector512<float> x2, ref Vector512<float> x3) =>
            FourVectors.TimesSigmoid(ref x0, ref x1, ref x2, ref x3, x0, x1, x2, x3);
    }

    private readonly struct ReluForm : IVectorForm
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Apply(ref Vector512<float> x0, ref Vector512<float> x1, ref Vector512<float> x2, ref Vector512<float> x3) =>
            (x0, x1, x2, x3) = (Relu(x0), Relu(x1), Relu(x2), Relu(x3));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector512<float> Relu(Vector512<float> x) => Vector512.ConditionalSelect(Vector512.LessThan(x, Vector512<float>.Zero), Vector512<float>.Zero, x);
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
