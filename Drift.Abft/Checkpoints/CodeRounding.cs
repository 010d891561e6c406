using System.Runtime.Intrinsics;

namespace Drift.Abft;

/// <summary>
/// Values to INT8 codes under a scale: round half to even of value / scale (fp32 division), clamped to +-127. A checkpoint keeps one scale, so elements that were
/// mended from an older one are expressed in it here.
/// </summary>
public static class CodeRounding
{
    /// <summary>Largest magnitude of a code.</summary>
    public const int Largest = 127;

    /// <summary>The code of one value.</summary>
    /// <param name="value">A finite value.</param>
    /// <param name="scale">The scale; 0 gives code 0.</param>
    public static sbyte Round(float value, float scale) =>
        scale == 0 ? (sbyte)0 : (sbyte)Math.Clamp(MathF.Round(value / scale), -Largest, Largest);

    /// <summary>The codes of many values, the same bits as one by one.</summary>
    /// <param name="values">Finite values.</param>
    /// <param name="scale">The scale; 0 gives codes of 0.</param>
    /// <param name="codes">Takes the codes; at least as long as the values.</param>
    public static void Round(ReadOnlySpan<float> values, float scale, Span<sbyte> codes)
    {
        var i = 0;
        if (scale != 0)
        {
            var limit = Vector128.Create((float)Largest);
            for (; i <= values.Length - Vector128<sbyte>.Count; i += Vector128<sbyte>.Count)
            {
                var low = Vector128.Narrow(Codes(values[i..], scale, limit), Codes(values[(i + 4)..], scale, limit));
                var high = Vector128.Narrow(Codes(values[(i + 8)..], scale, limit), Codes(values[(i + 12)..], scale, limit));
                Vector128.Narrow(low, high).CopyTo(codes[i..]);
            }
        }

        for (; i < values.Length; i++)
            codes[i] = Round(values[i], scale);
    }

    private static Vector128<int> Codes(ReadOnlySpan<float> values, float scale, Vector128<float> limit)
    {
        var rounded = Vector128.Round(Vector128.Create(values) / Vector128.Create(scale));
        return Vector128.ConvertToInt32(Vector128.Min(Vector128.Max(rounded, -limit), limit));
    }
}
