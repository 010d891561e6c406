using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary>Two INT32 in registers.</summary>
internal readonly struct Lanes2(int first, int second)
{
    public readonly int First = first, Second = second;
}

/// <summary>
/// Line sums of a warp's 64 x 64 accumulators. Lanes exchange halves of what they have: in every step a lane gives half of its values away and adds its partner's to the other half, so that a
/// sum is made once and each lane ends with sums of its own, where adding all up in all lanes would take three times the steps.
/// </summary>
internal static class WarpSums
{
    /// <summary>The first row whose sum a lane ends with; the other is 8 further down.</summary>
    public static int RowOf(int lane) => lane % 4 * 16 + lane / 4;

    /// <summary>The sums of rows <see cref="RowOf"/> and 8 below, over the columns that the warp's lanes have in <paramref name="x"/>.</summary>
    /// <param name="x">The lane's accumulators: tiles of rows 16 i + g and 16 i + g + 8.</param>
    /// <param name="lane">The lane.</param>
    public static Lanes2 OfRows(RegisterTile x, int lane)
    {
        Lanes4 a = Across(x.A), b = Across(x.B), c = Across(x.C), d = Across(x.D);
        return new(
            Exchange(new(a.A + a.B, b.A + b.B, c.A + c.B, d.A + d.B), lane, 1),
            Exchange(new(a.C + a.D, b.C + b.D, c.C + c.D, d.C + d.D), lane, 1));
    }

    /// <summary>The sum of row g for lanes 4 g + t of which t is even, of row g + 8 for the others, over all columns that the four lanes of a row have in <paramref name="x"/>.</summary>
    /// <param name="x">The lane's accumulators: columns of rows g and g + 8, as <see cref="WarpGroups.MultiplyWide"/> leaves them.</param>
    /// <param name="lane">The lane.</param>
    public static int OfWholeRows(RegisterTile x, int lane)
    {
        var sums = Across(RegisterTile.ColumnSums(x));
        var sum = Exchange(sums.A + sums.B, sums.C + sums.D, lane, 1);
        return sum + Warp.ShuffleXor(sum, 2);
    }

    /// <summary>The sums of columns 2 l and 2 l + 1 of the warp's 64, for lane l.</summary>
    /// <param name="near">The lane's sums over some rows, tiles of columns 8 j + 2 t and 8 j + 2 t + 1 of the first 32.</param>
    /// <param name="far">Of the other 32.</param>
    /// <param name="lane">The lane.</param>
    public static Lanes2 OfColumns(Lanes16 near, Lanes16 far, int lane) => new(
        Exchange(Even(near, lane), Even(far, lane), lane, 16),
        Exchange(Odd(near, lane), Odd(far, lane), lane, 16));

    private static int Even(Lanes16 x, int lane) => Exchange(new(x.A.A + x.A.C, x.B.A + x.B.C, x.C.A + x.C.C, x.D.A + x.D.C), lane, 4);

    private static int Odd(Lanes16 x, int lane) => Exchange(new(x.A.B + x.A.D, x.B.B + x.B.D, x.C.B + x.C.D, x.D.B + x.D.D), lane, 4);

    private static Lanes4 Across(Lanes16 x) => Lanes4.Add(Lanes4.Add(x.A, x.B), Lanes4.Add(x.C, x.D));

    /// <summary>Of four lanes that differ in two bits of their number, each gets the sum of one of the four values: that of its two bits.</summary>
    private static int Exchange(Lanes4 x, int lane, int bit) => Exchange(Exchange(x.A, x.B, lane, bit), Exchange(x.C, x.D, lane, bit), lane, 2 * bit);

    /// <summary>Of two lanes that differ in a bit, the one without it gets the sum of the first values, the other that of the second.</summary>
    private static int Exchange(int first, int second, int lane, int bit)
    {
        var isSecond = (lane & bit) != 0;
        return (isSecond ? second : first) + Warp.ShuffleXor(isSecond ? first : second, bit);
    }
}
