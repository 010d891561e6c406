using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Drift.Models;

/// <summary>Largest magnitudes by way of their bits: those order as the values do, an integer maximum is one instruction, and NaN comes out on top.</summary>
internal static class Magnitudes
{
    /// <summary>The bits without their sign.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Of(Vector512<float> values) => values.AsInt32() & Vector512.Create(int.MaxValue);

    /// <summary>The largest of sixteen.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Reduce(Vector512<int> magnitudes)
    {
        var eight = Vector256.Max(magnitudes.GetLower(), magnitudes.GetUpper());
        var four = Vector128.Max(eight.GetLower(), eight.GetUpper());
        return BitConverter.Int32BitsToSingle(Math.Max(Math.Max(four.GetElement(0), four.GetElement(1)), Math.Max(four.GetElement(2), four.GetElement(3))));
    }
}
