using System.Runtime.Intrinsics;

namespace Drift.Kernels;

/// <summary>
/// Row sums with odd weights: within a tile the value at place p counts 2 p + 1 times. A flip of bit b then makes its row deviate by an odd number times 2^b: the lowest bit of the deviation is b and the odd number tells the place.
/// Modulo 2^32 no single flip is lost, since an odd number times 2^b is none of its multiples. Expected sums take three digits where plain ones take two.
/// </summary>
public static class OddWeights
{
    /// <summary>The largest tile: its sums of INT8 values, of at most 128^2 x 128 = 2^21 in magnitude, still fit three digits with room to spare.</summary>
    public const int LargestTile = 128;

    /// <summary>The weight of a place.</summary>
    /// <param name="place">Place in the tile, from 0.</param>
    public static int Of(int place) => 2 * place + 1;

    /// <summary>Row sums of a whole product's accumulators with odd weights, modulo 2^32.</summary>
    /// <param name="output">The product.</param>
    /// <param name="sums">Takes them in the place of its row sums; its tile decides.</param>
    internal static void Sum(GemmOutput output, LineSums sums)
    {
        var (tile, n) = (sums.Tile, sums.N);
        for (var i = 0; i < sums.M; i++)
        {
            ReadOnlySpan<int> row = output.Row(i);
            for (var t = 0; t < sums.TileColumns; t++)
                sums.Rows[i * sums.TileColumns + t] = Sum(row[(t * tile)..Math.Min(n, (t + 1) * tile)]);
        }
    }

    /// <summary>The third digits of a tile's weighted sums of W's rows: what the two lower ones of <see cref="Digits"/> leave, over 2^16.</summary>
    /// <param name="weights">W [N, K].</param>
    /// <param name="n">Rows of W.</param>
    /// <param name="k">Columns of W.</param>
    /// <param name="tile">Edge of a tile.</param>
    /// <returns>[tile columns, K].</returns>
    internal static sbyte[] TopDigits(ReadOnlySpan<sbyte> weights, int n, int k, int tile)
    {
        var tiles = (n + tile - 1) / tile;
        var digits = new sbyte[tiles * k];
        for (var t = 0; t < tiles; t++)
        {
            for (var p = 0; p < k; p++)
            {
                var sum = 0;
                for (var j = t * tile; j < Math.Min(n, (t + 1) * tile); j++)
                    sum += Of(j - t * tile) * weights[j * k + p];
                var low = (sbyte)sum;
                var middle = (sbyte)((sum - low) >> Digits.Bits);
                digits[t * k + p] = (sbyte)((sum - low - Digits.Base * middle) >> (2 * Digits.Bits));
            }
        }

        return digits;
    }

    private static int Sum(ReadOnlySpan<int> line)
    {
        var (sums, j) = (Vector512<int>.Zero, 0);
        for (; j <= line.Length - Vector512<int>.Count; j += Vector512<int>.Count)
            sums += Vector512.Create(line[j..]) * (2 * Vector512<int>.Indices + Vector512.Create(Of(j)));
        var sum = Vector512.Sum(sums);
        for (; j < line.Length; j++)
            sum += Of(j) * line[j];
        return sum;
    }
}
