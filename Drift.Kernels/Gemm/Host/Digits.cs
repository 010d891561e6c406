using System.Runtime.Intrinsics;

namespace Drift.Kernels;

/// <summary>
/// A line sum of up to 256 INT8 values (at most 32,768 in magnitude) as two signed base-256 digits: sum = 256 x high + low, low in -128..127, high in -128..127. So
/// check lines run through the same INT8 kernel as the product.
/// </summary>
internal static class Digits
{
    public const int Base = 256;

    /// <summary>One digit of each sum.</summary>
    public static void Split(ReadOnlySpan<int> sums, bool high, Span<sbyte> digits)
    {
        for (var i = 0; i < sums.Length; i++)
            digits[i] = high ? (sbyte)((sums[i] - (sbyte)sums[i]) >> 8) : (sbyte)sums[i];
    }

    /// <summary>Both digits of the column sums of some INT8 rows.</summary>
    /// <param name="rows">First row.</param>
    /// <param name="stride">Values between rows.</param>
    /// <param name="count">Rows, 1..256.</param>
    /// <param name="k">Columns.</param>
    /// <param name="high">Takes K high digits.</param>
    /// <param name="low">Takes K low digits.</param>
    public static unsafe void SumRows(sbyte* rows, nint stride, int count, int k, sbyte* high, sbyte* low)
    {
        var p = 0;
        for (; p <= k - Vector256<sbyte>.Count; p += Vector256<sbyte>.Count)
        {
            var sums = Vector512<short>.Zero;
            for (var i = 0; i < count; i++)
                sums += Vector512.Create(Vector256.WidenLower(Vector256.Load(rows + i * stride + p)), Vector256.WidenUpper(Vector256.Load(rows + i * stride + p)));
            var lows = sums << 8 >> 8;
            Vector256.Narrow(lows.GetLower(), lows.GetUpper()).Store(low + p);
            var highs = (sums - lows) >> 8;
            Vector256.Narrow(highs.GetLower(), highs.GetUpper()).Store(high + p);
        }

        for (; p < k; p++)
        {
            var sum = 0;
            for (var i = 0; i < count; i++)
                sum += rows[i * stride + p];
            low[p] = (sbyte)sum;
            high[p] = (sbyte)((sum - (sbyte)sum) >> 8);
        }
    }

    /// <summary>Both digits of the weighted column sums of some INT8 rows: row i counts i - <paramref name="centre"/> times.</summary>
    /// <param name="rows">First row.</param>
    /// <param name="stride">Values between rows.</param>
    /// <param name="count">Rows, 1..32.</param>
    /// <param name="centre">The row that counts 0.</param>
    /// <param name="k">Columns.</param>
    /// <param name="high">Takes K high digits.</param>
    /// <param name="low">Takes K low digits.</param>
    public static unsafe void SumWeightedRows(sbyte* rows, nint stride, int count, int centre, int k, sbyte* high, sbyte* low)
    {
        var p = 0;
        for (; p <= k - Vector256<sbyte>.Count; p += Vector256<sbyte>.Count)
        {
            var sums = Vector512<short>.Zero;
            for (var i = 0; i < count; i++)
            {
                var row = Vector256.Load(rows + i * stride + p);
                sums += Vector512.Create(Vector256.WidenLower(row), Vector256.WidenUpper(row)) * (short)(i - centre);
            }

            var lows = sums << 8 >> 8;
            Vector256.Narrow(lows.GetLower(), lows.GetUpper()).Store(low + p);
            // The difference would pass 16 bits at the lower end; the shifted halves do not.
            var highs = (sums >> 8) - (lows >> 8);
            Vector256.Narrow(highs.GetLower(), highs.GetUpper()).Store(high + p);
        }

        for (; p < k; p++)
        {
            var sum = 0;
            for (var i = 0; i < count; i++)
                sum += (i - centre) * rows[i * stride + p];
            low[p] = (sbyte)sum;
            high[p] = (sbyte)((sum - (sbyte)sum) >> 8);
        }
    }
}
