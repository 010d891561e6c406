using System.Runtime.CompilerServices;
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
        for (var start = 0; start < x.Length; start += 2 * padded)
        {
            // The last of an odd number of rows is its own partner.
            var first = x.Slice(start, padded);
            var second = start + padded < x.Length ? x.Slice(start + padded, padded) : first;
            first[columns..].Fill(float.NegativeInfinity);
            second[columns..].Fill(float.NegativeInfinity);
            Pair(first, second, scale);
        }
    }

    /// <summary>Two rows, each on its own: a row is a chain of dependent steps, and the second fills the first one's waits. Both are read before
    /// either is written, so that they may be the same row.</summary>
    private static void Pair(Span<float> first, Span<float> second, float scale)
    {
        ref var x = ref MemoryMarshal.GetReference(first);
        ref var y = ref MemoryMarshal.GetReference(second);
        var (largestX, largestY) = (Vector512.Create(float.NegativeInfinity), Vector512.Create(float.NegativeInfinity));
        for (var i = 0; i < first.Length; i += VectorMath.Lanes)
        {
            largestX = Larger(Vector512.LoadUnsafe(ref x, (nuint)i), largestX);
            largestY = Larger(Vector512.LoadUnsafe(ref y, (nuint)i), largestY);
        }

        var (topX, topY) = (Vector512.Create(VectorMath.Max(largestX)), Vector512.Create(VectorMath.Max(largestY)));
        var (sumX, sumY) = (Vector512<float>.Zero, Vector512<float>.Zero);
        for (var i = 0; i < first.Length; i += VectorMath.Lanes)
        {
            var e = VectorMath.ExpOfNonPositive((Vector512.LoadUnsafe(ref x, (nuint)i) - topX) * scale);
            var f = VectorMath.ExpOfNonPositive((Vector512.LoadUnsafe(ref y, (nuint)i) - topY) * scale);
            sumX += e;
            sumY += f;
            e.StoreUnsafe(ref x, (nuint)i);
            f.StoreUnsafe(ref y, (nuint)i);
        }

        var (shareX, shareY) = (1 / VectorMath.Sum(sumX), 1 / VectorMath.Sum(sumY));
        for (var i = 0; i < first.Length; i += VectorMath.Lanes)
        {
            var (e, f) = (Vector512.LoadUnsafe(ref x, (nuint)i) * shareX, Vector512.LoadUnsafe(ref y, (nuint)i) * shareY);
            e.StoreUnsafe(ref x, (nuint)i);
            f.StoreUnsafe(ref y, (nuint)i);
        }
    }

    /// <summary>The larger of two; NaN in the first is passed over.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Larger(Vector512<float> x, Vector512<float> largest) =>
        Vector512.ConditionalSelect(Vector512.GreaterThan(x, largest), x, largest);
}
