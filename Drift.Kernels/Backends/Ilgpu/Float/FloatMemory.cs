using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary><see cref="LaneMemory"/> in fp32.</summary>
internal static class FloatMemory
{
    /// <summary>Four values.</summary>
    public static FloatLanes4 Load4(ArrayView<float> view, int at) => new(view[at], view[at + 1], view[at + 2], view[at + 3]);

    /// <summary>Eight values.</summary>
    public static FloatLanes8 Load8(ArrayView<float> view, int at) => new(Load4(view, at), Load4(view, at + 4));

    /// <summary>Sixteen values.</summary>
    public static FloatLanes16 Load16(ArrayView<float> view, int at) =>
        new(Load4(view, at), Load4(view, at + 4), Load4(view, at + 8), Load4(view, at + 12));

    /// <summary>Stores four rows of sixteen.</summary>
    public static void Store(ArrayView<float> view, int at, int stride, FloatTile x)
    {
        Store16(view, at, x.A);
        Store16(view, at + stride, x.B);
        Store16(view, at + 2 * stride, x.C);
        Store16(view, at + 3 * stride, x.D);
    }

    /// <summary>Stores eight rows of eight.</summary>
    public static void Store(ArrayView<float> view, int at, int stride, FloatSquare x)
    {
        Store8(view, at, x.A);
        Store8(view, at + stride, x.B);
        Store8(view, at + 2 * stride, x.C);
        Store8(view, at + 3 * stride, x.D);
        Store8(view, at + 4 * stride, x.E);
        Store8(view, at + 5 * stride, x.F);
        Store8(view, at + 6 * stride, x.G);
        Store8(view, at + 7 * stride, x.H);
    }

    /// <summary>Stores a row of sixteen.</summary>
    public static void Store16(ArrayView<float> view, int at, FloatLanes16 x)
    {
        Store4(view, at, x.A);
        Store4(view, at + 4, x.B);
        Store4(view, at + 8, x.C);
        Store4(view, at + 12, x.D);
    }

    /// <summary>Stores a column of sixteen.</summary>
    public static void Scatter(ArrayView<float> view, int at, int step, FloatLanes16 x)
    {
        Scatter(view, at, step, x.A);
        Scatter(view, at + 4 * step, step, x.B);
        Scatter(view, at + 8 * step, step, x.C);
        Scatter(view, at + 12 * step, step, x.D);
    }

    /// <summary>Stores eight rows of four as four rows of eight.</summary>
    public static void Transpose(
        ArrayView<float> view, int at, FloatLanes4 a, FloatLanes4 b, FloatLanes4 c, FloatLanes4 d, FloatLanes4 e, FloatLanes4 f, FloatLanes4 g, FloatLanes4 h)
    {
        Store8(view, at, new(new(a.A, b.A, c.A, d.A), new(e.A, f.A, g.A, h.A)));
        Store8(view, at + 8, new(new(a.B, b.B, c.B, d.B), new(e.B, f.B, g.B, h.B)));
        Store8(view, at + 16, new(new(a.C, b.C, c.C, d.C), new(e.C, f.C, g.C, h.C)));
        Store8(view, at + 24, new(new(a.D, b.D, c.D, d.D), new(e.D, f.D, g.D, h.D)));
    }

    /// <summary>Stores eight values.</summary>
    public static void Store8(ArrayView<float> view, int at, FloatLanes8 x)
    {
        Store4(view, at, x.Left);
        Store4(view, at + 4, x.Right);
    }

    private static void Scatter(ArrayView<float> view, int at, int step, FloatLanes4 x)
    {
        view[at] = x.A;
        view[at + step] = x.B;
        view[at + 2 * step] = x.C;
        view[at + 3 * step] = x.D;
    }

    private static void Store4(ArrayView<float> view, int at, FloatLanes4 x)
    {
        view[at] = x.A;
        view[at + 1] = x.B;
        view[at + 2] = x.C;
        view[at + 3] = x.D;
    }
}
