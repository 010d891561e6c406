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

    /// <summary>A value's code, as <see cref="QuantiseKernels.Code(float, float)"/> has it to the last bit: near a tie, where the inverse could decide otherwise, the quotient itself decides.</summary>
    public static int Code(float value, CodeScale scale)
    {
        var quotient = value * scale.Inverse;
        var code = quotient + QuantiseKernels.Rounding - QuantiseKernels.Rounding;
        return scale.Inverse > 0 && IntrinsicMath.Abs(quotient - code) <= Trusted && IntrinsicMath.Abs(quotient) <= CodeRounder.LargestCode ? (int)code : QuantiseKernels.Code(value, scale.Scale);
    }
}
