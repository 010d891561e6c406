using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary>The extents of a tensor that is quantised.</summary>
/// <param name="Rows">Rows.</param>
/// <param name="PaddedRows">Rows of codes, those past the last one zero.</param>
/// <param name="Width">Values of a row.</param>
/// <param name="Words">Words that hold a row's codes, those past the width zero.</param>
/// <param name="RowsOfGroup">Rows under one scale.</param>
/// <param name="Tile">Rows whose codes are summed; at least 1.</param>
/// <param name="First">Where the first value stands in its memory: four are loaded at once where rows begin at multiples of four.</param>
internal readonly record struct QuantiseExtents(int Rows, int PaddedRows, int Width, int Words, int RowsOfGroup, int Tile, int First = 0);

/// <summary>fp32 to INT8 as <see cref="CodeRounder"/> has it, with the codes' line sums in the same pass.</summary>
internal static class QuantiseKernels
{
    /// <summary>Values that one item looks through.</summary>
    public const int Stretch = 16;

    /// <summary>1.5 x 2^23: adding and subtracting it rounds any magnitude below 2^22 to the nearest whole number, ties to even.</summary>
    public const float Rounding = 12582912;

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
        var sum = default(Lanes4);
        var end = IntrinsicMath.Min((index.Y + 1) * e.Tile, e.PaddedRows);
        for (var row = index.Y * e.Tile; row < end; row++)
        {
            var x = Codes(values, largest, row, index.X, e);
            codes[row * e.Words + index.X] = (x.A & 0xFF) | (x.B & 0xFF) << 8 | (x.C & 0xFF) << 16 | x.D << 24;
            sum = Lanes4.Add(sum, x);
        }

        var place = PairRows.Place(index.Y, index.X, DirectTile.Rows, e.Words);
        sums[place] = PairLanes.Pair(sum.A, sum.C);
        sums[place + DirectTile.Rows] = PairLanes.Pair(sum.B, sum.D);
    }

    /// <summary>The four codes of a word, zero past the values.</summary>
    public static Lanes4 Codes(ArrayView<float> values, ArrayView<int> largest, int row, int word, QuantiseExtents e)
    {
        if (row >= e.Rows)
            return default;
        var scale = Interop.IntAsFloat((uint)largest[row / e.RowsOfGroup]) / CodeRounder.LargestCode;
        int at = row * e.Width, k = word * 4;
        if ((e.Width | e.First) % 4 == 0)
        {
            if (k >= e.Width)
                return default;
            var x = FloatQuad.Load(values, at + k);
            return new(Code(x.A, scale), Code(x.B, scale), Code(x.C, scale), Code(x.D, scale));
        }

        return new(Code(values, at, k, scale, e.Width), Code(values, at, k + 1, scale, e.Width), Code(values, at, k + 2, scale, e.Width), Code(values, at, k + 3, scale, e.Width));
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
