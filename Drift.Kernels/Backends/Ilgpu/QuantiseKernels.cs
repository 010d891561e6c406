using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary>The extents of a tensor that is quantised.</summary>
/// <param name="Rows">Rows.</param>
/// <param name="PaddedRows">Rows of codes, those past the last one zero.</param>
/// <param name="Width">Values of a row.</param>
/// <param name="Words">Words that hold a row's codes, those past the width zero.</param>
/// <param name="RowsOfGroup">Rows under one scale.</param>
/// <param name="Tile">Rows whose codes are summed; at least 1.</param>
internal readonly record struct QuantiseExtents(int Rows, int PaddedRows, int Width, int Words, int RowsOfGroup, int Tile);

/// <summary>fp32 to INT8 as <see cref="CodeRounder"/> has it, with the codes' line sums in the same pass.</summary>
internal static class QuantiseKernels
{
    /// <summary>Values that one item looks through.</summary>
    public const int Stretch = 16;

    // Adding and subtracting 1.5 x 2^23 rounds any magnitude below 2^22 to the nearest whole number, ties to even.
    private const float Rounding = 12582912;

    /// <summary>The largest magnitude of each group, as bits: those of numbers that are not negative are in the numbers' order, and whoever comes first, the largest stays.</summary>
    /// <param name="flat">X counts stretches of a group, Y groups (<see cref="FlatIndex"/>).</param>
    /// <param name="values">[rows, width].</param>
    /// <param name="largest">Takes a word a group; zero before.</param>
    /// <param name="e">Extents.</param>
    public static void Measure(Index1D flat, ArrayView<float> values, ArrayView<int> largest, QuantiseExtents e)
    {
        var length = e.RowsOfGroup * e.Width;
        var index = FlatIndex.At(flat, (length + Stretch - 1) / Stretch);
        var most = 0;
        var end = IntrinsicMath.Min((index.X + 1) * Stretch, length);
        for (var i = index.X * Stretch; i < end; i++)
            most = IntrinsicMath.Max(most, (int)(Interop.FloatAsInt(values[index.Y * length + i]) & 0x7FFFFFFF));
        Atomic.Max(ref largest[index.Y], most);
    }

    /// <summary>Codes, and their sums within each tile of rows as <see cref="PairRows"/>.</summary>
    /// <param name="index">X counts words, Y tiles of rows, until the padded rows are covered.</param>
    /// <param name="values">[rows, width].</param>
    /// <param name="largest">A group's largest magnitude as bits.</param>
    /// <param name="codes">Takes words [padded rows, words].</param>
    /// <param name="sums">Takes the sums in groups of <see cref="DirectTile.Rows"/>.</param>
    /// <param name="e">Extents.</param>
    public static void Encode(Index2D index, ArrayView<float> values, ArrayView<int> largest, ArrayView<int> codes, ArrayView<int> sums, QuantiseExtents e)
    {
        int s0 = 0, s1 = 0, s2 = 0, s3 = 0;
        var end = IntrinsicMath.Min((index.Y + 1) * e.Tile, e.PaddedRows);
        for (var row = index.Y * e.Tile; row < end; row++)
        {
            int x0 = 0, x1 = 0, x2 = 0, x3 = 0;
            if (row < e.Rows)
            {
                var scale = Interop.IntAsFloat((uint)largest[row / e.RowsOfGroup]) / CodeRounder.LargestCode;
                int at = row * e.Width, k = index.X * 4;
                x0 = Code(values, at, k, scale, e.Width);
                x1 = Code(values, at, k + 1, scale, e.Width);
                x2 = Code(values, at, k + 2, scale, e.Width);
                x3 = Code(values, at, k + 3, scale, e.Width);
            }

            codes[row * e.Words + index.X] = (x0 & 0xFF) | (x1 & 0xFF) << 8 | (x2 & 0xFF) << 16 | x3 << 24;
            s0 += x0;
            s1 += x1;
            s2 += x2;
            s3 += x3;
        }

        var place = PairRows.Place(index.Y, index.X, DirectTile.Rows, e.Words);
        sums[place] = PairLanes.Pair(s0, s2);
        sums[place + DirectTile.Rows] = PairLanes.Pair(s1, s3);
    }

    /// <summary>A value's code.</summary>
    public static int Code(float value, float scale)
    {
        if (scale == 0)
            return 0;
        var quotient = IntrinsicMath.Max(IntrinsicMath.Min(value / scale, CodeRounder.LargestCode), -CodeRounder.LargestCode);
        return (int)(quotient + Rounding - Rounding);
    }

    private static int Code(ArrayView<float> values, int row, int k, float scale, int width) => k < width ? Code(values[row + k], scale) : 0;
}
