using System.Runtime.Intrinsics;

namespace Drift.Kernels;

/// <summary>fp32 lines as bf16 micro-kernels take them: rounded to nearest even, two values a group of 4 bytes, the earlier one in its low half.</summary>
internal static unsafe class Bfloat16Rows
{
    private const int PairsAtATime = 16, Shift = 16;

    /// <summary>Groups of a line.</summary>
    public static int Groups(int k) => (k + 1) / 2;

    /// <summary>Rounds a line.</summary>
    /// <param name="line">The values.</param>
    /// <param name="k">Their number.</param>
    /// <param name="groups">Takes a group for every two; an odd last one goes with 0.</param>
    public static void Pack(float* line, int k, int* groups)
    {
        var p = 0;
        for (; p <= k - 2 * PairsAtATime; p += 2 * PairsAtATime)
            Pairs(line + p).Store(groups + p / 2);
        if (p == k)
            return;
        var rest = stackalloc float[2 * PairsAtATime];
        new Span<float>(rest, 2 * PairsAtATime).Clear();
        new ReadOnlySpan<float>(line + p, k - p).CopyTo(new Span<float>(rest, k - p));
        var pairs = stackalloc int[PairsAtATime];
        Pairs(rest).Store(pairs);
        new ReadOnlySpan<int>(pairs, Groups(k - p)).CopyTo(new Span<int>(groups + p / 2, Groups(k - p)));
    }

    private static Vector512<int> Pairs(float* values)
    {
        var low = Vector512.ShiftRightLogical(Rounding.Rounded(Vector512.Load(values)).AsUInt32(), Shift);
        var high = Vector512.ShiftRightLogical(Rounding.Rounded(Vector512.Load(values + PairsAtATime)).AsUInt32(), Shift);
        return Vector512.Narrow(low, high).AsInt32();
    }
}
