using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Drift.Kernels;

/// <summary>
/// Locators: sums of a product's rows within each tile column, the value at place p counted p - (T - 1) / 2 times (integer division), modulo 255. A row whose sum deviates by 2^b has one flip, and
/// its locator deviates by 2^b times the flip's weight: 2^b has an inverse modulo 255, so the two tell the place. One further digit a tile holds what is expected, where exact moments take two or three.
/// </summary>
/// <remarks>
/// 255 = 2^8 - 1: a residue is the sum of a number's bytes, which the byte products of a vector unit add up, and every power of two is one of 1, 2, 4, ..., 128. Locators of error-correcting codes over a finite ring: Peterson, 1960.
/// </remarks>
public sealed class RowLocators
{
    /// <summary>Locators are taken modulo this.</summary>
    public const int Modulus = 255;

    /// <summary>The largest tile: weights of up to 64 in magnitude, two of which times a byte fit 16 bits.</summary>
    public const int LargestTile = 128;

    /// <summary>The longest rows of which expected locators stay below 2^31.</summary>
    public const int LargestDepth = int.MaxValue / (128 * 127);

    private const int Lanes = 16;

    private int[] _values = [];

    /// <summary>Rows of the product.</summary>
    public int M { get; private set; }

    /// <summary>Edge of a tile; 0 where none are taken.</summary>
    public int Tile { get; private set; }

    /// <summary>Number of tiles from left to right.</summary>
    public int TileColumns { get; private set; }

    /// <summary>Values from one row to the next; at least the tile columns, the rest is the backend's.</summary>
    public int Stride { get; private set; }

    /// <summary>Expected locators, [M, <see cref="Stride"/>] row-major: any of the numbers that are congruent modulo 255.</summary>
    public Span<int> Values => _values.AsSpan(0, M * Stride);

    /// <summary>The place that counts 0.</summary>
    /// <param name="tile">Edge of a tile.</param>
    public static int Centre(int tile) => (tile - 1) / 2;

    /// <summary>Takes a new shape; the values are undefined until written.</summary>
    /// <param name="m">Rows of the product.</param>
    /// <param name="n">Columns of the product.</param>
    /// <param name="tile">Edge of a tile, or 0 for none.</param>
    /// <param name="stride">Values from one row to the next, at least the tile columns; 0 for those.</param>
    public void Resize(int m, int n, int tile, int stride = 0)
    {
        (M, Tile, TileColumns) = (m, tile, tile == 0 ? 0 : (n + tile - 1) / tile);
        Stride = Math.Max(TileColumns, stride);
        if (_values.Length < M * Stride)
            _values = new int[M * Stride];
    }

    /// <summary>Takes the locators of accumulators as they are: those expected, where nothing is wrong with them.</summary>
    /// <param name="output">The product.</param>
    /// <param name="tile">Edge of a tile, 1..<see cref="LargestTile"/>.</param>
    public void Observe(GemmOutput output, int tile)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentOutOfRangeException.ThrowIfLessThan(tile, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(tile, LargestTile);
        var (m, n, _) = output.Shape;
        Resize(m, n, tile);
        for (var i = 0; i < m; i++)
        {
            ReadOnlySpan<int> row = output.Row(i);
            for (var t = 0; t < TileColumns; t++)
                _values[i * Stride + t] = Of(row[(t * tile)..Math.Min(n, (t + 1) * tile)], tile);
        }
    }

    /// <summary>The locator of a row's accumulators in one tile, 0..254.</summary>
    /// <param name="values">The accumulators, at most <paramref name="tile"/>.</param>
    /// <param name="tile">Edge of a tile, 1..<see cref="LargestTile"/>.</param>
    public static int Of(ReadOnlySpan<int> values, int tile)
    {
        var (centre, j) = (Centre(tile), 0);
        long sum = 0;
        if (Avx512BW.IsSupported)
        {
            // A value plus 2^31 is its four bytes without a sign, and 2^31 is 128 modulo 255.
            var (signs, ones, places) = (Vector512.Create(int.MinValue), Vector512.Create((short)1), (Vector512<int>.Indices * 0x01010101).AsSByte());
            var sums = Vector512<int>.Zero;
            for (; j <= values.Length - Lanes; j += Lanes)
            {
                var bytes = (Vector512.Create(values[j..]) ^ signs).AsByte();
                sums += Avx512BW.MultiplyAddAdjacent(Avx512BW.MultiplyAddAdjacent(bytes, places + Vector512.Create((sbyte)(j - centre))), ones);
            }

            // The weights of the first j places add up to j (j - 1) / 2 - j centre.
            sum = Vector512.Sum(sums) - 128 * (j * (j - 1) / 2 - j * centre);
        }

        for (; j < values.Length; j++)
            sum += (long)(j - centre) * values[j];
        return Residue(sum);
    }

    /// <summary>A number modulo 255, 0..254.</summary>
    internal static int Residue(long value)
    {
        var residue = (int)(value % Modulus);
        return residue < 0 ? residue + Modulus : residue;
    }

    /// <summary>One column of digits a tile: the weighted sums of W's rows within it, as residues of -127..127.</summary>
    /// <param name="weights">W [N, K].</param>
    /// <param name="n">Rows of W.</param>
    /// <param name="k">Columns of W.</param>
    /// <param name="tile">Edge of a tile.</param>
    /// <returns>[tile columns, K].</returns>
    internal static sbyte[] Digits(ReadOnlySpan<sbyte> weights, int n, int k, int tile)
    {
        var tiles = (n + tile - 1) / tile;
        var digits = new sbyte[tiles * k];
        var line = new int[k];
        for (var t = 0; t < tiles; t++)
        {
            line.AsSpan().Clear();
            for (var j = t * tile; j < Math.Min(n, (t + 1) * tile); j++)
            {
                for (var p = 0; p < k; p++)
                    line[p] += (j - t * tile - Centre(tile)) * weights[j * k + p];
            }

            for (var p = 0; p < k; p++)
            {
                var residue = Residue(line[p]);
                digits[t * k + p] = (sbyte)(residue > Modulus / 2 ? residue - Modulus : residue);
            }
        }

        return digits;
    }
}
