using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Drift.Kernels;

/// <summary>Rows of scores to weights that sum to 1.</summary>
public static class Softmax
{
    /// <summary>Columns that rows of some length need: whole vectors, so that no row has a ragged end.</summary>
    /// <param name="columns">Scores of a row.</param>
    public static int Padded(int columns) => (columns + VectorMath.Lanes - 1) / VectorMath.Lanes * VectorMath.Lanes;

    /// <summary>x = exp(scale x - largest) / sum, in every row; the sum in a fixed order of lanes.</summary>
    /// <param name="x">[rows, <see cref="Padded"/> columns], overwritten. What stands in the padding does not matter, before or after.</param>
    /// <param name="columns">Scores of a row, at least 1.</param>
    /// <param name="scale">A positive factor of the scores.</param>
    /// <exception cref="ArgumentException">The values are not whole padded rows.</exception>
    public static void Rows(Span<float> x, int columns, float scale)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        var padded = Padded(columns);
        if (x.Length % padded != 0)
            throw new ArgumentException($"{x.Length} values are not whole rows of {padded}", nameof(x));
        for (var start = 0; start < x.Length; start += padded)
        {
            var row = x.Slice(start, padded);
            row[columns..].Fill(float.NegativeInfinity);
            Row(row, scale);
        }
    }

    private static void Row(Span<float> row, float scale)
    {
        ref var x = ref MemoryMarshal.GetReference(row);
        var largest = Vector512.Create(float.NegativeInfinity);
        for (var i = 0; i < row.Length; i += VectorMath.Lanes)
        {
            var v = Vector512.LoadUnsafe(ref x, (nuint)i);
            largest = Vector512.ConditionalSelect(Vector512.GreaterThan(v, largest), v, largest);
        }

        var top = Vector512.Create(VectorMath.Max(largest));
        var sum = Vector512<float>.Zero;
        for (var i = 0; i < row.Length; i += VectorMath.Lanes)
        {
            var e = VectorMath.ExpOfNonPositive((Vector512.LoadUnsafe(ref x, (nuint)i) - top) * scale);
            sum += e;
            e.StoreUnsafe(ref x, (nuint)i);
        }

        var share = 1 / VectorMath.Sum(sum);
        for (var i = 0; i < row.Length; i += VectorMath.Lanes)
            (Vector512.LoadUnsafe(ref x, (nuint)i) * share).StoreUnsafe(ref x, (nuint)i);
    }
}
