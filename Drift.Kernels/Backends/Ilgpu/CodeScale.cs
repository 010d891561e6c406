using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary>A scale of codes with its inverse, for who quantises many values under one: a division takes a GPU ten instructions and more.</summary>
/// <param name="scale">The value of a code.</param>
/// <param name="inverse">One over it; 0 where that is no ordinary number.</param>
internal readonly struct CodeScale(float scale, float inverse)
{
    // Below it an inverse may overflow. How far from a tie, in codes, a quotient by the inverse is trusted: it is off by two roundings, 127 x 2^-23 or 1.6e-5.
    private const float Smallest = 1e-30f, Trusted = 0.4999f;

    public readonly float Scale = scale, Inverse = inverse;

    /// <summary>The scale of a group.</summary>
    /// <param name="largest">Its largest magnitude as bits.</param>
    public static CodeScale Of(int largest)
    {
        var scale = Interop.IntAsFloat((uint)largest) / CodeRounder.LargestCode;
        return new(scale, scale > Smallest ? 1 / scale : 0);
    }

    /// <summary>
    /// Four values' codes, as <see cref="QuantiseKernels.Code(float, float)"/> has them to the last bit: where one is near a tie, and the inverse could decide otherwise, the quotients themselves decide.
    /// One branch for all four.
    /// </summary>
    public static Lanes4 Codes(FloatLanes4 x, CodeScale scale)
    {
        float a = x.A * scale.Inverse, b = x.B * scale.Inverse, c = x.C * scale.Inverse, d = x.D * scale.Inverse;
        float wholeA = Whole(a), wholeB = Whole(b), wholeC = Whole(c), wholeD = Whole(d);
        var isSure = scale.Inverse > 0 & IsSure(a, wholeA) & IsSure(b, wholeB) & IsSure(c, wholeC) & IsSure(d, wholeD);
        return isSure
            ? new((int)wholeA, (int)wholeB, (int)wholeC, (int)wholeD)
            : new(QuantiseKernels.Code(x.A, scale.Scale), QuantiseKernels.Code(x.B, scale.Scale), QuantiseKernels.Code(x.C, scale.Scale), QuantiseKernels.Code(x.D, scale.Scale));
    }

    private static float Whole(float quotient) => quotient + QuantiseKernels.Rounding - QuantiseKernels.Rounding;

    private static bool IsSure(float quotient, float whole) => IntrinsicMath.Abs(quotient - whole) <= Trusted & IntrinsicMath.Abs(quotient) <= CodeRounder.LargestCode;
}
