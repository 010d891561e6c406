using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Drift.Kernels;

/// <summary>
/// Values to INT8 codes: round half to even of value / scale, clamped to +-127. Gives the bits of the fp32 division, mostly without dividing: value x (1 / scale) is
/// within 2.3e-5 of the quotient where that is at most 128 in magnitude, so the two round alike unless they lie that close to a tie, and only
/// vectors with such a lane are divided.
/// </summary>
/// <param name="scale">The scale, not negative; 0 gives codes of 0.</param>
public readonly struct CodeRounder(float scale)
{
    /// <summary>Largest magnitude of a code.</summary>
    public const int LargestCode = 127;

    private const float SureDistance = 0.5f - 1e-4f;
    private readonly float _scale = scale;
    private readonly float _inverse = scale == 0 ? 0 : 1 / scale;

    /// <summary>Sixteen codes, as whole numbers.</summary>
    /// <param name="values">Finite values.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<float> Round(Vector512<float> values)
    {
        var quotient = values * _inverse;
        var rounded = Vector512.Round(quotient);

        // Not (distance <= sure), so that NaN, as from an infinite inverse, is divided too.
        if (!Vector512.LessThanOrEqualAll(Vector512.Abs(quotient - rounded), Vector512.Create(SureDistance)))
            rounded = Vector512.Round(values / Vector512.Create(_scale));
        var limit = Vector512.Create((float)LargestCode);
        return Vector512.MinNative(Vector512.MaxNative(rounded, -limit), limit);
    }

    /// <summary>One code, as a whole number.</summary>
    /// <param name="value">A finite value.</param>
    public float Round(float value) => _scale == 0 ? 0 : Math.Clamp(MathF.Round(value / _scale), -LargestCode, LargestCode);

    /// <summary>The codes of many values.</summary>
    /// <param name="values">Finite values.</param>
    /// <param name="codes">Takes the codes; at least as long as the values.</param>
    /// <exception cref="ArgumentException">Fewer codes than values.</exception>
    public void Round(ReadOnlySpan<float> values, Span<sbyte> codes)
    {
        if (codes.Length < values.Length)
            throw new ArgumentException($"{values.Length} values need as many codes, not {codes.Length}", nameof(codes));
        ref var x = ref MemoryMarshal.GetReference(values);
        ref var q = ref MemoryMarshal.GetReference(codes);
        var i = 0;
        for (; i <= values.Length - VectorMath.Lanes; i += VectorMath.Lanes)
            Narrow(Vector512.ConvertToInt32(Round(Vector512.LoadUnsafe(ref x, (nuint)i)))).StoreUnsafe(ref q, (nuint)i);
        for (; i < values.Length; i++)
            codes[i] = (sbyte)Round(values[i]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<sbyte> Narrow(Vector512<int> codes)
    {
        if (Avx512F.IsSupported)
            return Avx512F.ConvertToVector128SByte(codes);
        var words = Vector256.Narrow(codes.GetLower(), codes.GetUpper());
        return Vector128.Narrow(words.GetLower(), words.GetUpper());
    }
}
