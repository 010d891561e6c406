using System.Numerics;
using System.Runtime.CompilerServices;

namespace Drift.Abft;

/// <summary>The fewest flips that can explain a line's deviation.</summary>
internal static class LineWeight
{
    /// <summary>Flips needed for a plain sum: the non-zero digits of its non-adjacent form, which no other sum of terms +-2^b undercuts (Reitwiesner 1960).</summary>
    /// <param name="deviation">The line's deviation.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Of(int deviation) => BitOperations.PopCount(Digits(deviation));

    /// <summary>The places of the non-zero digits of a number's non-adjacent form, one bit each.</summary>
    /// <param name="deviation">The number.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Digits(int deviation)
    {
        var size = Size(deviation);
        return (ulong)(size ^ 3 * size) >> 1;
    }

    /// <summary>A number's size. Without a branch, since the sign of a deviation is chance.</summary>
    /// <param name="deviation">The number.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Size(int deviation)
    {
        var sign = (long)deviation >> 63;
        return (deviation ^ sign) - sign;
    }

    /// <summary>
    /// Flips needed for a plain sum and its moment together. A deviation of 0 with a moment takes a pair that cancels; a single +-2^b whose moment is not 2^b
    /// times a place of the tile takes two.
    /// </summary>
    /// <param name="deviation">The line's deviation.</param>
    /// <param name="moment">The deviation of its moment: each term times (its place - <paramref name="centre"/>).</param>
    /// <param name="centre">The place that counts 0.</param>
    /// <param name="length">Places of the line.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Of(int deviation, int moment, int centre, int length)
    {
        var flips = Of(deviation);
        return flips > 1 ? flips : flips == 0 ? (moment == 0 ? 0 : 2) : (uint)Place(deviation, moment, centre) < (uint)length ? 1 : 2;
    }

    /// <summary>The place at which a single term has a moment; outside the line where there is none.</summary>
    private static int Place(int term, int moment, int centre)
    {
        var bit = BitOperations.TrailingZeroCount(term);
        if ((moment & ((1 << bit) - 1)) != 0)
            return -1;
        var steps = moment >> bit;
        return (term < 0 ? -steps : steps) + centre;
    }
}
