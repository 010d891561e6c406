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

    /// <summary>Where e^x stops falling.</summary>
    internal const float Lowest = -87.33654f;

    /// <summary>e^x for x of at most 0, as a softmax has it: below -87.33654 it stays at 1.2e-38. NaN stays NaN.</summary>
    /// <param name="x">Values of at most 0, or NaN.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> ExpOfNonPositive(Vector512<float> x) => ExpOfBounded(Vector512.MaxNative(Vector512.Create(Lowest), x));

    /// <summary>e^x within 2e-7 of the value for x between -87.33654 and 88.72283, where the result is a normal number; undefined elsewhere.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> ExpOfBounded(Vector512<float> x)
    {
        // Adding 1.5 x 2^23 rounds to a whole number n, and leaves n in the low bits of the sum.
        var magic = Vector512.Create(12582912f);
        var rounded = Vector512.FusedMultiplyAdd(x, Vector512.Create(1.44269504088896341f), magic);
        var n = rounded - magic;

        // r = x - n ln 2, with ln 2 in two parts so that the first product is exact; then Cephes' polynomial of e^r on |r| <= ln 2 / 2.
        var r = Vector512.FusedMultiplyAdd(n, Vector512.Create(-0.693359375f), x);
        r = Vector512.FusedMultiplyAdd(n, Vector512.Create(2.12194440e-4f), r);
        var p = Vector512.FusedMultiplyAdd(Vector512.Create(1.9875691500e-4f), r, Vector512.Create(1.3981999507e-3f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(8.3334519073e-3f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(4.1665795894e-2f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(1.6666665459e-1f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(5.0000001201e-1f));
        p = Vector512.FusedMultiplyAdd(p, r * r, r) + Vector512<float>.One;

        // Times 2^n: n is added to the exponent field.
        return (p.AsInt32() + Vector512.ShiftLeft(rounded.AsInt32(), 23)).AsSingle();
    }

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

    /// <summary>The largest lane.</summary>
    /// <param name="x">Numbers: with a NaN among them the result is undefined.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Max(Vector512<float> x)
    {
        var eight = Vector256.MaxNative(x.GetLower(), x.GetUpper());
        var four = Vector128.MaxNative(eight.GetLower(), eight.GetUpper());
        var two = Vector128.MaxNative(four, Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1)));
        return Vector128.MaxNative(two, Vector128.Shuffle(two, Vector128.Create(1, 0, 3, 2))).ToScalar();
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
        // Half a vector is the common rest: heads are 40, 72 or 88 wide.
        if (values.Length == Lanes / 2)
            return Vector512.Create(Vector256.Create(values), Vector256.Create(fill));
        Span<float> padded = stackalloc float[Lanes];
        padded.Fill(fill);
        values.CopyTo(padded);
        return Vector512.Create((ReadOnlySpan<float>)padded);
    }

    private static void StoreTail(Vector512<float> x, Span<float> target)
    {
        if (target.Length == Lanes / 2)
        {
            x.GetLower().CopyTo(target);
            return;
        }

        Span<float> padded = stackalloc float[Lanes];
        x.CopyTo(padded);
        padded[..target.Length].CopyTo(target);
    }
}
