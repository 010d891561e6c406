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

    private static void Row(Span<float> x, float scale)
    {
        ref var start = ref MemoryMarshal.GetReference(x);
        var whole = x.Length / VectorMath.Lanes * VectorMath.Lanes;
        var tail = x[whole..];
        var largest = tail.IsEmpty ? Vector512.Create(float.NegativeInfinity) : VectorMath.Load(tail, float.NegativeInfinity);
        for (var i = 0; i < whole; i += VectorMath.Lanes)
        {
            var v = Vector512.LoadUnsafe(ref start, (nuint)i);
            largest = Vector512.ConditionalSelect(Vector512.GreaterThan(v, largest), v, largest);
        }

        var top = Vector512.Create(VectorMath.Max(largest));
        var sum = Vector512<float>.Zero;
        for (var i = 0; i < whole; i += VectorMath.Lanes)
        {
            var e = VectorMath.Exp((Vector512.LoadUnsafe(ref start, (nuint)i) - top) * scale);
            sum += e;
            e.StoreUnsafe(ref start, (nuint)i);
        }

        if (!tail.IsEmpty)
        {
            var e = VectorMath.Exp((VectorMath.Load(tail, float.NegativeInfinity) - top) * scale);
            sum += e;
            VectorMath.Store(e, tail);
        }

        var share = Vector512.Create(1 / VectorMath.Sum(sum));
        for (var i = 0; i < whole; i += VectorMath.Lanes)
            (Vector512.LoadUnsafe(ref start, (nuint)i) * share).StoreUnsafe(ref start, (nuint)i);
        if (!tail.IsEmpty)
            VectorMath.Store(VectorMath.Load(tail) * share, tail);
    }
}
