using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Drift.Kernels;

/// <summary>Rows of scores to weights that sum to 1.</summary>
public static class Softmax
{
    /// <summary>x = exp(scale x - largest) / sum, in every row; the sum in a fixed order of lanes.</summary>
    /// <param name="x">[rows, columns], overwritten.</param>
    /// <param name="columns">Columns, at least 1.</param>
    /// <param name="scale">A positive factor of the scores.</param>
    public static void Rows(Span<float> x, int columns, float scale)
    {
        for (var row = 0; row + columns <= x.Length; row += columns)
            Row(x.Slice(row, columns), scale);
    }

    // The loops are methods of their own: a value that lives across the tail's call would be kept in memory, not in a register.
    private static void Row(Span<float> x, float scale)
    {
        var whole = x[..(x.Length / VectorMath.Lanes * VectorMath.Lanes)];
        var tail = x[whole.Length..];
        var largest = Largest(whole);
        if (!tail.IsEmpty)
            largest = Larger(VectorMath.Load(tail, float.NegativeInfinity), largest);

        var top = Vector512.Create(VectorMath.Max(largest));
        var sum = Exponentials(whole, top, scale);
        if (!tail.IsEmpty)
        {
            var e = VectorMath.Exp((VectorMath.Load(tail, float.NegativeInfinity) - top) * scale);
            sum += e;
            VectorMath.Store(e, tail);
        }

        var share = 1 / VectorMath.Sum(sum);
        Multiply(whole, share);
        if (!tail.IsEmpty)
            VectorMath.Store(VectorMath.Load(tail) * share, tail);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Vector512<float> Largest(ReadOnlySpan<float> x)
    {
        ref var start = ref MemoryMarshal.GetReference(x);
        var largest = Vector512.Create(float.NegativeInfinity);
        for (var i = 0; i < x.Length; i += VectorMath.Lanes)
            largest = Larger(Vector512.LoadUnsafe(ref start, (nuint)i), largest);
        return largest;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Vector512<float> Exponentials(Span<float> x, Vector512<float> top, float scale)
    {
        ref var start = ref MemoryMarshal.GetReference(x);
        var sum = Vector512<float>.Zero;
        for (var i = 0; i < x.Length; i += VectorMath.Lanes)
        {
            var e = VectorMath.Exp((Vector512.LoadUnsafe(ref start, (nuint)i) - top) * scale);
            sum += e;
            e.StoreUnsafe(ref start, (nuint)i);
        }

        return sum;
    }

    private static void Multiply(Span<float> x, float factor)
    {
        ref var start = ref MemoryMarshal.GetReference(x);
        for (var i = 0; i < x.Length; i += VectorMath.Lanes)
            (Vector512.LoadUnsafe(ref start, (nuint)i) * factor).StoreUnsafe(ref start, (nuint)i);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Larger(Vector512<float> value, Vector512<float> largest) =>
        Vector512.ConditionalSelect(Vector512.GreaterThan(value, largest), value, largest);
}
