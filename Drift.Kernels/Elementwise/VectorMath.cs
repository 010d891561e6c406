using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Drift.Kernels;

/// <summary>
/// Elementary functions on sixteen lanes. Hosts with narrower vectors run the same lanes in pieces, and every fused operation is written as one, so the bits are
/// the same everywhere. A tail goes through a whole vector too: a value's result never depends on where it stands.
/// </summary>
public static class VectorMath
{
    /// <summary>Lanes of a vector.</summary>
    public const int Lanes = 16;

    private const float Lowest = -87.33654f;
    private const float Highest = 88.72283f;

    /// <summary>
    /// e^x within 2e-7 of the value. Where the result would be subnormal (x below -87.33654) it is 0; where it would overflow (x above 88.72283) it is the
    /// largest finite result. NaN stays NaN.
    /// </summary>
    /// <param name="x">Any values.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Exp(Vector512<float> x)
    {
        var bounded = Vector512.ConditionalSelect(Vector512.GreaterThan(x, Vector512.Create(Highest)), Vector512.Create(Highest), x);

        // Adding 1.5 x 2^23 rounds to a whole number n, and leaves n in the low bits of the sum.
        var magic = Vector512.Create(12582912f);
        var rounded = Vector512.FusedMultiplyAdd(bounded, Vector512.Create(1.44269504088896341f), magic);
        var n = rounded - magic;

        // r = x - n ln 2, with ln 2 in two parts so that the first product is exact; then Cephes' polynomial of e^r on |r| <= ln 2 / 2.
        var r = Vector512.FusedMultiplyAdd(n, Vector512.Create(-0.693359375f), bounded);
        r = Vector512.FusedMultiplyAdd(n, Vector512.Create(2.12194440e-4f), r);
        var p = Vector512.FusedMultiplyAdd(Vector512.Create(1.9875691500e-4f), r, Vector512.Create(1.3981999507e-3f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(8.3334519073e-3f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(4.1665795894e-2f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(1.6666665459e-1f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(5.0000001201e-1f));
        p = Vector512.FusedMultiplyAdd(p, r * r, r) + Vector512<float>.One;

        // Times 2^n: n is added to the exponent field.
        var scaled = (p.AsInt32() + Vector512.ShiftLeft(rounded.AsInt32(), 23)).AsSingle();
        var usual = Vector512.ConditionalSelect(Vector512.LessThan(x, Vector512.Create(Lowest)), Vector512<float>.Zero, scaled);
        return Vector512.ConditionalSelect(Vector512.Equals(x, x), usual, x);
    }

    /// <summary>1 / (1 + e^-x), between 0 and 1.</summary>
    /// <param name="x">Any values.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Sigmoid(Vector512<float> x) => Vector512<float>.One / (Vector512<float>.One + Exp(-x));

    /// <summary>The sum of all lanes, in a fixed order: halves, then quarters, and so on.</summary>
    /// <param name="x">Any values.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector512<float> x)
    {
        var eight = x.GetLower() + x.GetUpper();
        var four = eight.GetLower() + eight.GetUpper();
        var two = four.GetLower() + four.GetUpper();
        return two.GetElement(0) + two.GetElement(1);
    }

    /// <summary>The largest lane; NaN lanes are passed over where another is a number.</summary>
    /// <param name="x">Any values.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Max(Vector512<float> x)
    {
        var eight = Larger(x.GetLower(), x.GetUpper());
        var largest = eight.GetElement(0);
        for (var lane = 1; lane < Vector256<float>.Count; lane++)
            largest = eight.GetElement(lane) > largest || float.IsNaN(largest) ? eight.GetElement(lane) : largest;
        return largest;

        static Vector256<float> Larger(Vector256<float> a, Vector256<float> b) =>
            Vector256.ConditionalSelect(Vector256.GreaterThan(a, b) | ~Vector256.Equals(b, b), a, b);
    }

    /// <summary>Sixteen values, or fewer with the rest filled up.</summary>
    /// <param name="values">At least one value.</param>
    /// <param name="fill">What stands in the lanes beyond the values.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(ReadOnlySpan<float> values, float fill = 0) =>
        values.Length >= Lanes ? Vector512.Create(values) : LoadTail(values, fill);

    /// <summary>Stores as many lanes as the target takes.</summary>
    /// <param name="x">The lanes.</param>
    /// <param name="target">One to sixteen places, or more of which sixteen are written.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<float> x, Span<float> target)
    {
        if (target.Length >= Lanes)
            x.CopyTo(target);
        else
            StoreTail(x, target);
    }

    private static Vector512<float> LoadTail(ReadOnlySpan<float> values, float fill)
    {
        Span<float> padded = stackalloc float[Lanes];
        padded.Fill(fill);
        values.CopyTo(padded);
        return Vector512.Create((ReadOnlySpan<float>)padded);
    }

    private static void StoreTail(Vector512<float> x, Span<float> target)
    {
        Span<float> padded = stackalloc float[Lanes];
        x.CopyTo(padded);
        padded[..target.Length].CopyTo(target);
    }
}
