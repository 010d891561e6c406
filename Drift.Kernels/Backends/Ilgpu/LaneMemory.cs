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

    /// <summary>Stores a column of sixteen.</summary>
    public static void Scatter(ArrayView<int> view, int at, int step, Lanes16 x)
    {
        Scatter(view, at, step, x.A);
        Scatter(view, at + 4 * step, step, x.B);
        Scatter(view, at + 8 * step, step, x.C);
        Scatter(view, at + 12 * step, step, x.D);
    }

    /// <summary>Stores eight rows of four as four rows of eight.</summary>
    public static void Transpose(
        ArrayView<int> view, int at, int step, Lanes4 a, Lanes4 b, Lanes4 c, Lanes4 d, Lanes4 e, Lanes4 f, Lanes4 g, Lanes4 h)
    {
        Store8(view, at, new(a.A, b.A, c.A, d.A), new(e.A, f.A, g.A, h.A));
        Store8(view, at + step, new(a.B, b.B, c.B, d.B), new(e.B, f.B, g.B, h.B));
        Store8(view, at + 2 * step, new(a.C, b.C, c.C, d.C), new(e.C, f.C, g.C, h.C));
        Store8(view, at + 3 * step, new(a.D, b.D, c.D, d.D), new(e.D, f.D, g.D, h.D));
    }

    private static void Store8(ArrayView<int> view, int at, Lanes4 x, Lanes4 y)
    {
        Store4(view, at, x);
        Store4(view, at + 4, y);
    }

    private static void Scatter(ArrayView<int> view, int at, int step, Lanes4 x)
    {
        view[at] = x.A;
        view[at + step] = x.B;
        view[at + 2 * step] = x.C;
        view[at + 3 * step] = x.D;
    }

    private static void Store4(ArrayView<int> view, int at, Lanes4 x)
    {
        view[at] = x.A;
        view[at + 1] = x.B;
        view[at + 2] = x.C;
        view[at + 3] = x.D;
    }
}
