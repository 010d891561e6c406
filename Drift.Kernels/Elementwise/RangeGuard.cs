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

    // Values of a stretch that is looked over at once, 64 KB, and a number of rows that kernels take side by side.
    private const int WatchedValues = 1 << 14, WatchedRows = 4;

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

    /// <summary>Runs work whose result is looked over a stretch of rows at a time, while a stretch is still in the caches.</summary>
    /// <param name="result">Where the work writes, [rows, width].</param>
    /// <param name="width">Values of a row, at least 1.</param>
    /// <param name="what">What the result is, for the message.</param>
    /// <param name="threads">Most threads to use, at least 1.</param>
    /// <param name="work">Writes the rows from one to before another; several threads may be in it at once.</param>
    /// <exception cref="ArgumentException">The width does not divide the result, or some values are not finite; the message counts them.</exception>
    public static unsafe void Watch(Span<float> result, int width, string what, int threads, Action<int, int> work)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentNullException.ThrowIfNull(work);
        if (result.Length % width != 0)
            throw new ArgumentException($"{result.Length} values are not whole rows of {width}", nameof(result));
        var (rows, found) = (WatchedValues / width / WatchedRows * WatchedRows, 0);
        rows = Math.Max(1, rows);
        fixed (float* start = result)
        {
            var from = (nint)start;
            RowShare.Run(result.Length / width, width, threads, (first, end) =>
            {
                for (var row = first; row < end; row += rows)
                {
                    var next = Math.Min(end, row + rows);
                    work(row, next);
                    if (FirstOf(new ReadOnlySpan<float>((float*)from + (nint)row * width, (next - row) * width)) >= 0)
                        Interlocked.Exchange(ref found, 1);
                }
            });
        }

        if (found != 0)
            RequireFinite(result, what);
    }

    /// <summary>The place of the first value that is not finite; -1 where there is none. On this thread.</summary>
    internal static int FirstOf(ReadOnlySpan<float> values)
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
