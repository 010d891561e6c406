using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Drift.Kernels;

/// <summary>Values that are no finite numbers. They are a condition of the data, told as such and never as a fault: a checksum over them says nothing.</summary>
/// <param name="NaNs">How many are not a number.</param>
/// <param name="Infinities">How many are infinite.</param>
/// <param name="First">Place of the first of either; -1 where there is none.</param>
public readonly record struct NonFinite(long NaNs, long Infinities, int First)
{
    /// <summary>All values are finite.</summary>
    public static NonFinite None { get; } = new(0, 0, -1);

    /// <summary>How many there are.</summary>
    public long Count => NaNs + Infinities;

    /// <inheritdoc/>
    public override string ToString() => Count == 0 ? "all values are finite" : $"{NaNs} NaN and {Infinities} infinite values, the first at {First}";
}

/// <summary>Looks for values that are no finite numbers, sixteen at a time.</summary>
public static class RangeGuard
{
    private const int ExponentBits = 0x7F800000, Stretch = 4 * VectorMath.Lanes;

    /// <summary>Whether all values are finite: one pass, which a thread ends at the first value of its share that is not.</summary>
    /// <param name="values">Any values.</param>
    /// <param name="threads">Most threads to use, at least 1.</param>
    public static unsafe bool AllFinite(ReadOnlySpan<float> values, int threads = 1)
    {
        var found = 0;
        fixed (float* start = values)
        {
            var (from, count) = ((nint)start, values.Length);
            RowShare.Run((count + Stretch - 1) / Stretch, Stretch, threads, (first, end) =>
            {
                var place = first * Stretch;
                if (FirstOf(new ReadOnlySpan<float>((float*)from + place, Math.Min(count, end * Stretch) - place)) >= 0)
                    Interlocked.Exchange(ref found, 1);
            });
        }

        return found == 0;
    }

    /// <summary>Counts them.</summary>
    /// <param name="values">Any values.</param>
    /// <param name="threads">Most threads to use, at least 1.</param>
    public static NonFinite Examine(ReadOnlySpan<float> values, int threads = 1)
    {
        if (AllFinite(values, threads))
            return NonFinite.None;
        var first = FirstOf(values);
        long notNumbers = 0, infinities = 0;
        foreach (var value in values[first..])
        {
            notNumbers += float.IsNaN(value) ? 1 : 0;
            infinities += float.IsInfinity(value) ? 1 : 0;
        }

        return new NonFinite(notNumbers, infinities, first);
    }

    /// <summary>Fails unless all values are finite.</summary>
    /// <param name="values">Any values.</param>
    /// <param name="what">What they are, for the message.</param>
    /// <param name="threads">Most threads to use, at least 1.</param>
    /// <exception cref="ArgumentException">Some are not; the message counts them.</exception>
    public static void RequireFinite(ReadOnlySpan<float> values, string what, int threads = 1)
    {
        if (Examine(values, threads) is { Count: > 0 } found)
            throw new ArgumentException($"{what}: {found}; expected finite values");
    }

    private static int FirstOf(ReadOnlySpan<float> values)
    {
        ref var start = ref MemoryMarshal.GetReference(values);
        var i = 0;
        while (i <= values.Length - Stretch && !(AnyIn(ref start, i) || AnyIn(ref start, i + 2 * VectorMath.Lanes)))
            i += Stretch;
        for (; i < values.Length; i++)
        {
            if (!float.IsFinite(values[i]))
                return i;
        }

        return -1;
    }

    /// <summary>Whether a value of two vectors has an exponent of ones only.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool AnyIn(ref float start, int at)
    {
        var ones = Vector512.Create(ExponentBits);
        var (a, b) = (Vector512.LoadUnsafe(ref start, (nuint)at).AsInt32() & ones, Vector512.LoadUnsafe(ref start, (nuint)(at + VectorMath.Lanes)).AsInt32() & ones);
        return Vector512.EqualsAny(Vector512.Max(a, b), ones);
    }
}
