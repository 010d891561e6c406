using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Drift.Kernels;

/// <summary>
/// Functions of <see cref="VectorMath"/> for four vectors, step by step side by side: a vector alone is a chain of some twenty steps of which each waits for the one before, and a
/// processor looks ahead over too few instructions to find the next vector's. Written out, since a structure of four vectors is kept in memory. Same steps, same bits.
/// </summary>
internal static class FourVectors
{
    /// <summary>Values of four vectors.</summary>
    public const int Values = 4 * VectorMath.Lanes;

    /// <summary>x = e^x within 2e-7 of the value for x between -87.33654 and 88.72283; undefined elsewhere.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ExpOfBounded(ref Vector512<float> x0, ref Vector512<float> x1, ref Vector512<float> x2, ref Vector512<float> x3)
    {
        var (magic, c) = (Vector512.Create(12582912f), Vector512.Create(1.44269504088896341f));
        var n0 = Vector512.FusedMultiplyAdd(x0, c, magic);
        var n1 = Vector512.FusedMultiplyAdd(x1, c, magic);
        var n2 = Vector512.FusedMultiplyAdd(x2, c, magic);
        var n3 = Vector512.FusedMultiplyAdd(x3, c, magic);
        var (e0, e1, e2, e3) = (Exponent(n0), Exponent(n1), Exponent(n2), Exponent(n3));
        n0 -= magic;
        n1 -= magic;
        n2 -= magic;
        n3 -= magic;
        c = Vector512.Create(-0.693359375f);
        x0 = Vector512.FusedMultiplyAdd(n0, c, x0);
        x1 = Vector512.FusedMultiplyAdd(n1, c, x1);
        x2 = Vector512.FusedMultiplyAdd(n2, c, x2);
        x3 = Vector512.FusedMultiplyAdd(n3, c, x3);
        c = Vector512.Create(2.12194440e-4f);
        x0 = Vector512.FusedMultiplyAdd(n0, c, x0);
        x1 = Vector512.FusedMultiplyAdd(n1, c, x1);
        x2 = Vector512.FusedMultiplyAdd(n2, c, x2);
        x3 = Vector512.FusedMultiplyAdd(n3, c, x3);
        n0 = n1 = n2 = n3 = Vector512.Create(1.9875691500e-4f);
        Horner(ref n0, ref n1, ref n2, ref n3, x0, x1, x2, x3, Vector512.Create(1.3981999507e-3f));
        Horner(ref n0, ref n1, ref n2, ref n3, x0, x1, x2, x3, Vector512.Create(8.3334519073e-3f));
        Horner(ref n0, ref n1, ref n2, ref n3, x0, x1, x2, x3, Vector512.Create(4.1665795894e-2f));
        Horner(ref n0, ref n1, ref n2, ref n3, x0, x1, x2, x3, Vector512.Create(1.6666665459e-1f));
        Horner(ref n0, ref n1, ref n2, ref n3, x0, x1, x2, x3, Vector512.Create(5.0000001201e-1f));
        n0 = Vector512.FusedMultiplyAdd(n0, x0 * x0, x0) + Vector512<float>.One;
        n1 = Vector512.FusedMultiplyAdd(n1, x1 * x1, x1) + Vector512<float>.One;
        n2 = Vector512.FusedMultiplyAdd(n2, x2 * x2, x2) + Vector512<float>.One;
        n3 = Vector512.FusedMultiplyAdd(n3, x3 * x3, x3) + Vector512<float>.One;
        x0 = (n0.AsInt32() + e0).AsSingle();
        x1 = (n1.AsInt32() + e1).AsSingle();
        x2 = (n2.AsInt32() + e2).AsSingle();
        x3 = (n3.AsInt32() + e3).AsSingle();
    }

    /// <summary>x = e^x for x of at most 0 or NaN, as <see cref="VectorMath.ExpOfNonPositive"/> has it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ExpOfNonPositive(ref Vector512<float> x0, ref Vector512<float> x1, ref Vector512<float> x2, ref Vector512<float> x3)
    {
        var lowest = Vector512.Create(VectorMath.Lowest);
        x0 = Vector512.MaxNative(lowest, x0);
        x1 = Vector512.MaxNative(lowest, x1);
        x2 = Vector512.MaxNative(lowest, x2);
        x3 = Vector512.MaxNative(lowest, x3);
        ExpOfBounded(ref x0, ref x1, ref x2, ref x3);
    }

    /// <summary>x = x / (1 + e^-y): x times the sigmoid of y, as SiLU and the tanh form of GELU have it. NaN in x stays NaN; y counts as at most 87 in magnitude.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void TimesSigmoid(
        ref Vector512<float> x0, ref Vector512<float> x1, ref Vector512<float> x2, ref Vector512<float> x3, Vector512<float> y0, Vector512<float> y1, Vector512<float> y2, Vector512<float> y3)
    {
        // Beyond 87 the sigmoid is 1 or 1e-38, and the exponential needs no care for its own limits.
        var (limit, least) = (Vector512.Create(87f), Vector512.Create(-87f));
        y0 = Vector512.MinNative(Vector512.MaxNative(-y0, least), limit);
        y1 = Vector512.MinNative(Vector512.MaxNative(-y1, least), limit);
        y2 = Vector512.MinNative(Vector512.MaxNative(-y2, least), limit);
        y3 = Vector512.MinNative(Vector512.MaxNative(-y3, least), limit);
        ExpOfBounded(ref y0, ref y1, ref y2, ref y3);
        x0 /= Vector512<float>.One + y0;
        x1 /= Vector512<float>.One + y1;
        x2 /= Vector512<float>.One + y2;
        x3 /= Vector512<float>.One + y3;
    }

    /// <summary>A step of a polynomial: sum = sum x + term.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Horner(ref Vector512<float> sum0, ref Vector512<float> sum1, ref Vector512<float> sum2, ref Vector512<float> sum3,
        Vector512<float> x0, Vector512<float> x1, Vector512<float> x2, Vector512<float> x3, Vector512<float> term)
    {
        sum0 = Vector512.FusedMultiplyAdd(sum0, x0, term);
        sum1 = Vector512.FusedMultiplyAdd(sum1, x1, term);
        sum2 = Vector512.FusedMultiplyAdd(sum2, x2, term);
        sum3 = Vector512.FusedMultiplyAdd(sum3, x3, term);
    }

    /// <summary>What adds the whole number in the low bits of a rounded value to an exponent field.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Exponent(Vector512<float> rounded) => Vector512.ShiftLeft(rounded.AsInt32(), 23);
}
