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
        var largest = Vector512.Create(float.NegativeInfinity);
        for (var i = 0; i < x.Length; i += VectorMath.Lanes)
        {
            var v = VectorMath.Load(x[i..], float.NegativeInfinity);
            largest = Vector512.ConditionalSelect(Vector512.GreaterThan(v, largest), v, largest);
        }

        var top = Vector512.Create(VectorMath.Max(largest));
        var sum = Vector512<float>.Zero;
        for (var i = 0; i < x.Length; i += VectorMath.Lanes)
        {
            var e = VectorMath.Exp((VectorMath.Load(x[i..], float.NegativeInfinity) - top) * scale);
            sum += e;
            VectorMath.Store(e, x[i..]);
        }

        var share = Vector512.Create(1 / VectorMath.Sum(sum));
        for (var i = 0; i < x.Length; i += VectorMath.Lanes)
            VectorMath.Store(VectorMath.Load(x[i..]) * share, x[i..]);
    }
}
