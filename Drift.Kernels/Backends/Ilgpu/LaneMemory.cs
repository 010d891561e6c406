using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary>Words between memory and registers, one access a word: a compiler for CPUs makes vectors of them.</summary>
internal static class LaneMemory
{
    /// <summary>Four words.</summary>
    public static Lanes4 Load4(ArrayView<int> view, int at) => new(view[at], view[at + 1], view[at + 2], view[at + 3]);

    /// <summary>Sixteen words.</summary>
    public static Lanes16 Load16(ArrayView<int> view, int at) =>
        new(Load4(view, at), Load4(view, at + 4), Load4(view, at + 8), Load4(view, at + 12));

    /// <summary>Stores a direct work item's accumulators.</summary>
    public static void Store(ArrayView<int> view, int at, int stride, DirectTile x)
    {
        Store(view, at, stride, x.Upper);
        Store(view, at + (RegisterTile.Rows * stride), stride, x.Lower);
    }

    /// <summary>Adds four words to sums that others add to.</summary>
    public static void Add4(ArrayView<int> sums, int first, int step, Lanes4 x)
    {
        Atomic.Add(ref sums[first], x.A);
        Atomic.Add(ref sums[first + step], x.B);
        Atomic.Add(ref sums[first + 2 * step], x.C);
        Atomic.Add(ref sums[first + 3 * step], x.D);
    }

    private static void Store(ArrayView<int> view, int at, int stride, RegisterTile x)
    {
        Store16(view, at, x.A);
        Store16(view, at + stride, x.B);
        Store16(view, at + 2 * stride, x.C);
        Store16(view, at + 3 * stride, x.D);
    }

    private static void Store16(ArrayView<int> view, int at, Lanes16 x)
    {
        Store4(view, at, x.A);
        Store4(view, at + 4, x.B);
        Store4(view, at + 8, x.C);
        Store4(view, at + 12, x.D);
    }

    private static void Store4(ArrayView<int> view, int at, Lanes4 x)
    {
        view[at] = x.A;
        view[at + 1] = x.B;
        view[at + 2] = x.C;
        view[at + 3] = x.D;
    }
}
