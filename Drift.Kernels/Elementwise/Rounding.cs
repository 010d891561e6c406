using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Drift.Kernels;

/// <summary>fp32 values rounded to narrower formats, in place.</summary>
public static class Rounding
{
    private const int DroppedBits = 16, LargestBelowHalf = 0x7FFF;

    /// <summary>To bf16, the nearest with ties to even; infinities and NaN stay what they are.</summary>
    /// <param name="values">The values; overwritten.</param>
    public static void ToBfloat16(Span<float> values)
    {
        ref var start = ref MemoryMarshal.GetReference(values);
        var i = 0;
        for (; i <= values.Length - VectorMath.Lanes; i += VectorMath.Lanes)
            Rounded(Vector512.LoadUnsafe(ref start, (nuint)i)).StoreUnsafe(ref start, (nuint)i);
        if (i < values.Length)
            VectorMath.Store(Rounded(VectorMath.Load(values[i..])), values[i..]);
    }

    /// <summary>A vector rounded to bf16.</summary>
    internal static Vector512<float> Rounded(Vector512<float> x)
    {
        // Half a unit less one, and one more where the kept part is odd, carry into it exactly when it has to grow.
        var bits = x.AsInt32();
        var odd = Vector512.ShiftRightLogical(bits, DroppedBits) & Vector512<int>.One;
        var rounded = (bits + odd + Vector512.Create(LargestBelowHalf)) & Vector512.Create(-1 << DroppedBits);
        return Vector512.ConditionalSelect(Vector512.Equals(x, x), rounded.AsSingle(), x);
    }
}
