using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary><see cref="LaneMemory"/> in fp32.</summary>
internal static class FloatMemory
{
    /// <summary>Four values.</summary>
    public static FloatLanes4 Load4(ArrayView<float> view, int at) => new(view[at], view[at + 1], view[at + 2], view[at + 3]);

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

    /// <summary>Stores a row of sixteen.</summary>
    public static void Store16(ArrayView<float> view, int at, FloatLanes16 x)
    {
        Store4(view, at, x.A);
        Store4(view, at + 4, x.B);
        Store4(view, at + 8, x.C);
        Store4(view, at + 12, x.D);
    }

    private static void Store4(ArrayView<float> view, int at, FloatLanes4 x)
    {
        view[at] = x.A;
        view[at + 1] = x.B;
        view[at + 2] = x.C;
        view[at + 3] = x.D;
    }
}
