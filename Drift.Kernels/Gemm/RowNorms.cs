using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Drift.Kernels;

/// <summary>
/// Euclidean norms of INT8 rows. Two of them bound an accumulator, |a . w| &lt;= |a| |w| (Cauchy-Schwarz), so that a value beyond the bound is known to be wrong.
/// </summary>
public static class RowNorms
{
    // A square root and a product of two norms round three times, each by at most 2^-24; a bound may not come out too low.
    private const float Slack = 1 + 1e-6f;

    /// <summary>Measures rows. Each norm is rounded up, so that a product of two of them is never below the true one.</summary>
    /// <param name="rows">INT8 values, row i from i x <paramref name="stride"/>.</param>
    /// <param name="k">Values of a row.</param>
    /// <param name="stride">Values from one row to the next, at least <paramref name="k"/>.</param>
    /// <param name="norms">Takes one norm a row; its length says how many.</param>
    public static void Measure(ReadOnlySpan<sbyte> rows, int k, int stride, Span<float> norms)
    {
        for (var i = 0; i < norms.Length; i++)
            norms[i] = (float)Math.Sqrt(SumOfSquares(rows.Slice(i * stride, k))) * Slack;
    }

    private static long SumOfSquares(ReadOnlySpan<sbyte> row)
    {
        var (sums, more) = (Vector512<int>.Zero, Vector512<int>.Zero);
        var i = 0;
        // A square is at most 2^14, two of them 2^15; 2^16 of those fit a lane of the sum.
        if (Avx512BW.IsSupported)
        {
            for (; i <= row.Length - Vector512<sbyte>.Count; i += Vector512<sbyte>.Count)
            {
                var (low, high) = (Avx512BW.ConvertToVector512Int16(Vector256.Create(row[i..])), Avx512BW.ConvertToVector512Int16(Vector256.Create(row[(i + Vector256<sbyte>.Count)..])));
                sums += Avx512BW.MultiplyAddAdjacent(low, low);
                more += Avx512BW.MultiplyAddAdjacent(high, high);
            }
        }

        for (; i <= row.Length - Vector256<sbyte>.Count; i += Vector256<sbyte>.Count)
        {
            var eight = Vector256.Create(row[i..]);
            var values = Vector512.Create(Vector256.WidenLower(eight), Vector256.WidenUpper(eight));
            var squares = values * values;
            sums += Vector512.WidenLower(squares) + Vector512.WidenUpper(squares);
        }

        long sum = Vector512.Sum(sums + more);
        for (; i < row.Length; i++)
            sum += row[i] * row[i];
        return sum;
    }
}
