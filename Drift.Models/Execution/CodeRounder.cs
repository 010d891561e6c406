using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Drift.Models;

/// <summary>
/// Round half to even of value / scale, clamped to +-127: the bits of the fp32 division, mostly without dividing. Value x (1 / scale) is within 2.3e-5 of the quotient
/// where that is at most 128 in magnitude, so the two round alike unless they lie that close to a tie; only vectors with such a lane are divided.
/// </summary>
/// <param name="scale">The scale, positive.</param>
internal readonly struct CodeRounder(float scale)
{
    private const float SureDistance = 0.5f - 1e-4f;
    private readonly float _scale = scale;
    private readonly float _inverse = 1 / scale;

    /// <summary>Codes, as whole numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<float> Round(Vector512<float> values)
    {
        var quotient = values * _inverse;
        var rounded = Vector512.Round(quotient);

        // Not (distance <= sure), so that NaN, as from an infinite inverse, is divided too.
        if (!Vector512.LessThanOrEqualAll(Vector512.Abs(quotient - rounded), Vector512.Create(SureDistance)))
            rounded = Vector512.Round(values / Vector512.Create(_scale));
        var limit = Vector512.Create((float)Quantizer.LargestCode);
        return Vector512.MinNative(Vector512.MaxNative(rounded, -limit), limit);
    }

    /// <summary>One code, as a whole number.</summary>
    public float Round(float value) => Math.Clamp(MathF.Round(value / _scale), -Quantizer.LargestCode, Quantizer.LargestCode);
}
