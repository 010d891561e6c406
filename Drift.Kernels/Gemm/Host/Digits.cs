using System.Runtime.Intrinsics;

namespace Drift.Kernels;

/// <summary>
/// A line sum of up to 256 INT8 values (at most 32,768 in magnitude) as two signed base-256 digits: sum = 256 x high + low, low in -128..127, high in -128..127. So
/// check lines run through the same INT8 kernel as the product.
/// </summary>
internal static class Digits
{
    public const int Base = 1 << Bits;

    /// <summary>Bits of a digit.</summary>
    public const int Bits = 8;

    /// <summary>Digits of a sum: a micro-kernel's check rows of INT8.</summary>
    public const int Count = 2;

    /// <summary>Whether two digits hold the sums of all rows of W: of any 256 they do, of more unless their values are extreme.</summary>
    /// <param name="weights">W [N, K].</param>
    /// <param name="k">Columns of W.</param>
    public static bool HoldSums(ReadOnlySpan<sbyte> weights, int k)
    {
        const int Least = sbyte.MinValue * (Base + 1), Most = sbyte.MaxValue * (Base + 1);
        var sums = new int[k];
        for (var row = 0; row < weights.Length; row += k)
        {
            for (var p = 0; p < k; p++)
                sums[p] += weights[row + p];
        }

        return Array.TrueForAll(sums, sum => sum is >= Least and <= Most);
    }

    /// <summary>One digit of each sum.</summary>
    public static void Split(ReadOnlySpan<int> sums, bool high, Span<sbyte> digits)
    {
        for (var i = 0; i < sums.Length; i++)
            digits[i] = high ? (sbyte)((sums[i] - (sbyte)sums[i]) >> 8) : (sbyte)sums[i];
    }

    /// <summary>Sums from the products of their digits, modulo 2^32.</summary>
    /// <param name="high">Products of the high digits.</param>
    /// <param name="stride">Values from a high digit's product to the low one's.</param>
    /// <param name="sums">Takes the sums.</param>
    /// <param name="count">Their number.</param>
    public static unsafe void Join(int* high, nint stride, int* sums, int count)
    {
        var low = high + stride;
        var j = 0;
        for (; j <= count - Vector512<int>.Count; j += Vector512<int>.Count)
            ((Vector512.Load(high + j) << Bits) + Vector512.Load(low + j)).Store(sums + j);
        for (; j < count; j++)
            sums[j] = Base * high[j] + low[j];
    }

    /// <summary>Two columns a tile, high digits then low ones: the sums of W's rows within each tile, of which three digits would hold more the two lower ones.</summary>
    /// <param name="weights">W [N, K].</param>
    /// <param name="n">Rows of W.</param>
    /// <param name="k">Columns of W.</param>
    /// <param name="tile">Edge of a tile; 0 gives no columns.</param>
    /// <param name="weight">How often the row at a place of a tile counts.</param>
    /// <returns>[2 tiles, K].</returns>
    public static sbyte[] Columns(ReadOnlySpan<sbyte> weights, int n, int k, int tile, Func<int, int> weight)
    {
        var tiles = tile == 0 ? 0 : (n + tile - 1) / tile;
        var digits = new sbyte[2 * tiles * k];
        var line = new int[k];
        for (var t = 0; t < tiles; t++)
        {
            line.AsSpan().Clear();
            for (var j = t * tile; j < Math.Min(n, (t + 1) * tile); j++)
            {
                var times = weight(j - t * tile);
                for (var p = 0; p < k; p++)
                    line[p] += times * weights[j * k + p];
            }

            Split(line, true, digits.AsSpan(2 * t * k, k));
            Split(line, false, digits.AsSpan((2 * t + 1) * k, k));
        }

        return digits;
    }

    /// <summary>Both digits of sums.</summary>
    /// <param name="sums">K sums.</param>
    /// <param name="k">Their number.</param>
    /// <param name="flip">What every digit is XORed with, as the micro-kernel wants it.</param>
    /// <param name="high">Takes K high digits.</param>
    /// <param name="low">Takes K low digits.</param>
    public static unsafe void Split(short* sums, int k, byte flip, sbyte* high, sbyte* low)
    {
        var p = 0;
        var signs = Vector256.Create((sbyte)flip);
        for (; p <= k - Vector256<sbyte>.Count; p += Vector256<sbyte>.Count)
        {
            var values = Vector512.Load(sums + p);
            var lows = values << 8 >> 8;
            // The difference would pass 16 bits at the lower end; the shifted halves do not.
            var highs = (values >> 8) - (lows >> 8);
            (Vector256.Narrow(lows.GetLower(), lows.GetUpper()) ^ signs).Store(low + p);
            (Vector256.Narrow(highs.GetLower(), highs.GetUpper()) ^ signs).Store(high + p);
        }

        for (; p < k; p++)
        {
            low[p] = (sbyte)((sbyte)sums[p] ^ (sbyte)flip);
            high[p] = (sbyte)((sbyte)((sums[p] - (sbyte)sums[p]) >> 8) ^ (sbyte)flip);
        }
    }

    /// <summary>Weighted column sums of some INT8 rows: row i counts i - <paramref name="centre"/> times.</summary>
    /// <param name="rows">First row.</param>
    /// <param name="stride">Bytes between rows.</param>
    /// <param name="count">Rows, 1..<see cref="LineMoments.LargestTile"/>.</param>
    /// <param name="centre">The row that counts 0.</param>
    /// <param name="k">Bytes of a row.</param>
    /// <param name="sums">Takes K sums.</param>
    public static unsafe void SumWeightedRows(sbyte* rows, nint stride, int count, int centre, int k, short* sums)
    {
        var p = 0;
        for (; p <= k - Vector256<sbyte>.Count; p += Vector256<sbyte>.Count)
        {
            var sum = Vector512<short>.Zero;
            for (var i = 0; i < count; i++)
            {
                var row = Vector256.Load(rows + i * stride + p);
                sum += Vector512.Create(Vector256.WidenLower(row), Vector256.WidenUpper(row)) * (short)(i - centre);
            }

            sum.Store(sums + p);
        }

        for (; p < k; p++)
        {
            var sum = 0;
            for (var i = 0; i < count; i++)
                sum += (i - centre) * rows[i * stride + p];
            sums[p] = (short)sum;
        }
    }
}
