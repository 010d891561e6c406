using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Drift.Kernels;

/// <summary>
/// Observed line sums of a product's accumulators, modulo 2^32: wrapping addition, so any order gives the same bits. A strip of two vectors keeps its column
/// sums in registers while the rows of the tile pass by.
/// </summary>
internal static unsafe class LineSumKernel
{
    private const int Lanes = 16;
    private const int Strip = 2 * Lanes;
    private const int Rows = 4;

    /// <summary>Sums the lines of a whole product.</summary>
    public static void Sum(GemmOutput output, LineSums sums)
    {
        int tile = sums.Tile, m = sums.M, n = sums.N;
        if (tile == 0)
            return;
        sums.Rows.Clear();
        fixed (int* rows = sums.Rows, columns = sums.Columns)
        {
            for (var tileRow = 0; tileRow < sums.TileRows; tileRow++)
            {
                var first = tileRow * tile;
                for (var t = 0; t < sums.TileColumns; t++)
                {
                    Sum(output.Pointer + (nint)first * output.Stride + t * tile, output.Stride, Math.Min(tile, m - first), Math.Min(tile, n - t * tile),
                        rows + (nint)first * sums.TileColumns + t, sums.TileColumns, columns + (nint)tileRow * n + t * tile);
                }
            }
        }

        if (sums.OddRows)
            OddWeights.Sum(output, sums);
    }

    /// <summary>Sums the lines of a tile, or of some of its columns.</summary>
    /// <param name="source">First accumulator.</param>
    /// <param name="stride">Accumulators between rows.</param>
    /// <param name="height">Rows.</param>
    /// <param name="width">Columns.</param>
    /// <param name="rowSums">Sum of the first row; added to.</param>
    /// <param name="rowStride">Values between row sums.</param>
    /// <param name="columnSums">Sums of the columns; overwritten.</param>
    public static void Sum(int* source, nint stride, int height, int width, int* rowSums, nint rowStride, int* columnSums)
    {
        var j = 0;
        for (; j <= width - Strip; j += Strip)
            SumStrip(source + j, stride, height, rowSums, rowStride, columnSums + j);
        if (j < width)
            SumRest(source + j, stride, height, width - j, rowSums, rowStride, columnSums + j);
    }

    private static void SumStrip(int* source, nint stride, int height, int* rowSums, nint rowStride, int* columnSums)
    {
        var low = Vector512<int>.Zero;
        var high = Vector512<int>.Zero;
        var i = 0;
        if (Avx512F.IsSupported)
        {
            for (; i <= height - Rows; i += Rows, source += Rows * stride, rowSums += Rows * rowStride)
            {
                var (a, b, c, d) = (Vector512.Load(source), Vector512.Load(source + stride), Vector512.Load(source + 2 * stride), Vector512.Load(source + 3 * stride));
                var (e, f) = (Vector512.Load(source + Lanes), Vector512.Load(source + stride + Lanes));
                var (g, h) = (Vector512.Load(source + 2 * stride + Lanes), Vector512.Load(source + 3 * stride + Lanes));
                low += a + b + (c + d);
                high += e + f + (g + h);
                var sums = SumFour(a + e, b + f, c + g, d + h);
                rowSums[0] += sums.GetElement(0);
                rowSums[rowStride] += sums.GetElement(1);
                rowSums[2 * rowStride] += sums.GetElement(2);
                rowSums[3 * rowStride] += sums.GetElement(3);
            }
        }

        for (; i < height; i++)
        {
            var left = Vector512.Load(source);
            var right = Vector512.Load(source + Lanes);
            low += left;
            high += right;
            *rowSums += Vector512.Sum(left + right);
            source += stride;
            rowSums += rowStride;
        }

        low.Store(columnSums);
        high.Store(columnSums + Lanes);
    }

    /// <summary>The sums of four vectors, side by side: pairs of lanes of two vectors are brought together and added, then pairs of those.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> SumFour(Vector512<int> a, Vector512<int> b, Vector512<int> c, Vector512<int> d)
    {
        var ab = (Avx512F.UnpackLow(a, b) + Avx512F.UnpackHigh(a, b)).AsInt64();
        var cd = (Avx512F.UnpackLow(c, d) + Avx512F.UnpackHigh(c, d)).AsInt64();
        var quarters = Avx512F.UnpackLow(ab, cd).AsInt32() + Avx512F.UnpackHigh(ab, cd).AsInt32();
        var halves = quarters.GetLower() + quarters.GetUpper();
        return halves.GetLower() + halves.GetUpper();
    }

    private static void SumRest(int* source, nint stride, int height, int width, int* rowSums, nint rowStride, int* columnSums)
    {
        new Span<int>(columnSums, width).Clear();
        for (var i = 0; i < height; i++)
        {
            var sum = 0;
            for (var j = 0; j < width; j++)
            {
                sum += source[j];
                columnSums[j] += source[j];
            }

            *rowSums += sum;
            source += stride;
            rowSums += rowStride;
        }
    }
}
