using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary>Four fp32 in registers; written out for the reasons of <see cref="Lanes4"/>.</summary>
internal readonly struct FloatLanes4(float a, float b, float c, float d)
{
    public readonly float A = a, B = b, C = c, D = d;

    public static float Sum(FloatLanes4 x) => x.A + x.B + (x.C + x.D);

    public static FloatLanes4 Add(FloatLanes4 x, FloatLanes4 y) => new(x.A + y.A, x.B + y.B, x.C + y.C, x.D + y.D);

    /// <summary>x w + sum, lane by lane, rounded once.</summary>
    public static FloatLanes4 MultiplyAdd(FloatLanes4 sum, float x, FloatLanes4 w) => new(
        DeviceMath.FusedMultiplyAdd(x, w.A, sum.A),
        DeviceMath.FusedMultiplyAdd(x, w.B, sum.B),
        DeviceMath.FusedMultiplyAdd(x, w.C, sum.C),
        DeviceMath.FusedMultiplyAdd(x, w.D, sum.D));

    /// <summary>Inverts the mask's bits in one lane; in none when the lane is not 0..3.</summary>
    public static FloatLanes4 Toggle(FloatLanes4 x, int lane, int mask) => new(
        Toggle(x.A, lane == 0 ? mask : 0),
        Toggle(x.B, lane == 1 ? mask : 0),
        Toggle(x.C, lane == 2 ? mask : 0),
        Toggle(x.D, lane == 3 ? mask : 0));

    private static float Toggle(float x, int mask) => Interop.IntAsFloat(Interop.FloatAsInt(x) ^ (uint)mask);
}

/// <summary>Sixteen fp32 in registers: a row of a register tile.</summary>
internal readonly struct FloatLanes16(FloatLanes4 a, FloatLanes4 b, FloatLanes4 c, FloatLanes4 d)
{
    public readonly FloatLanes4 A = a, B = b, C = c, D = d;

    public static float Sum(FloatLanes16 x) => FloatLanes4.Sum(FloatLanes4.Add(FloatLanes4.Add(x.A, x.B), FloatLanes4.Add(x.C, x.D)));

    public static FloatLanes16 Add(FloatLanes16 x, FloatLanes16 y) =>
        new(FloatLanes4.Add(x.A, y.A), FloatLanes4.Add(x.B, y.B), FloatLanes4.Add(x.C, y.C), FloatLanes4.Add(x.D, y.D));

    /// <inheritdoc cref="FloatLanes4.MultiplyAdd"/>
    public static FloatLanes16 MultiplyAdd(FloatLanes16 sum, float x, FloatLanes16 w) => new(
        FloatLanes4.MultiplyAdd(sum.A, x, w.A),
        FloatLanes4.MultiplyAdd(sum.B, x, w.B),
        FloatLanes4.MultiplyAdd(sum.C, x, w.C),
        FloatLanes4.MultiplyAdd(sum.D, x, w.D));

    /// <summary>Inverts the mask's bits in one lane, 0..15.</summary>
    public static FloatLanes16 Toggle(FloatLanes16 x, int lane, int mask) => new(
        FloatLanes4.Toggle(x.A, lane, mask),
        FloatLanes4.Toggle(x.B, lane - 4, mask),
        FloatLanes4.Toggle(x.C, lane - 8, mask),
        FloatLanes4.Toggle(x.D, lane - 12, mask));
}

/// <summary>Four rows of sixteen fp32 accumulators.</summary>
internal readonly struct FloatTile(FloatLanes16 a, FloatLanes16 b, FloatLanes16 c, FloatLanes16 d) : IAccumulators<FloatTile>
{
    public const int Rows = 4;

    public readonly FloatLanes16 A = a, B = b, C = c, D = d;

    /// <summary>Adds the products of four activations and sixteen weights.</summary>
    public static FloatTile MultiplyAdd(FloatTile sum, FloatLanes4 x, FloatLanes16 w) => new(
        FloatLanes16.MultiplyAdd(sum.A, x.A, w),
        FloatLanes16.MultiplyAdd(sum.B, x.B, w),
        FloatLanes16.MultiplyAdd(sum.C, x.C, w),
        FloatLanes16.MultiplyAdd(sum.D, x.D, w));

    static int IAccumulators<FloatTile>.Rows => Rows;

    static int IAccumulators<FloatTile>.Columns => FloatDirectKernel.Columns;

    /// <summary>Inverts the mask's bits in one accumulator.</summary>
    public static FloatTile Toggle(FloatTile x, int row, int column, int mask) => new(
        FloatLanes16.Toggle(x.A, column, row == 0 ? mask : 0),
        FloatLanes16.Toggle(x.B, column, row == 1 ? mask : 0),
        FloatLanes16.Toggle(x.C, column, row == 2 ? mask : 0),
        FloatLanes16.Toggle(x.D, column, row == 3 ? mask : 0));

    /// <summary>The sum of each column.</summary>
    public static FloatLanes16 ColumnSums(FloatTile x) => FloatLanes16.Add(FloatLanes16.Add(x.A, x.B), FloatLanes16.Add(x.C, x.D));
}
