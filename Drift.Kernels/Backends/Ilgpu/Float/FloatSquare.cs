namespace Drift.Kernels.Ilgpu;

/// <summary>Eight fp32 in registers: a row of a block thread's accumulators, four columns on either half of the block.</summary>
internal readonly struct FloatLanes8(FloatLanes4 left, FloatLanes4 right)
{
    public readonly FloatLanes4 Left = left, Right = right;

    public static FloatLanes8 Add(FloatLanes8 x, FloatLanes8 y) => new(FloatLanes4.Add(x.Left, y.Left), FloatLanes4.Add(x.Right, y.Right));

    /// <summary>x w + sum, lane by lane, rounded once.</summary>
    public static FloatLanes8 MultiplyAdd(FloatLanes8 sum, float x, FloatLanes8 w) =>
        new(FloatLanes4.MultiplyAdd(sum.Left, x, w.Left), FloatLanes4.MultiplyAdd(sum.Right, x, w.Right));

    /// <summary>x w + sum on the left, rounded once.</summary>
    public static FloatLanes8 MultiplyAddLeft(FloatLanes8 sum, float x, FloatLanes4 w) => new(FloatLanes4.MultiplyAdd(sum.Left, x, w), sum.Right);

    /// <summary>x w + sum in the first two lanes, rounded once.</summary>
    public static FloatLanes8 MultiplyAddPair(FloatLanes8 sum, float x, float first, float second) =>
        new(new(DeviceMath.FusedMultiplyAdd(x, first, sum.Left.A), DeviceMath.FusedMultiplyAdd(x, second, sum.Left.B), sum.Left.C, sum.Left.D), sum.Right);

    /// <summary>Inverts the mask's bits in one lane of the left half, 0..3, or of the right one, 4..7; in none elsewhere.</summary>
    public static FloatLanes8 Toggle(FloatLanes8 x, int lane, int mask) => new(FloatLanes4.Toggle(x.Left, lane, mask), FloatLanes4.Toggle(x.Right, lane - 4, mask));
}

/// <summary>The 8 x 8 accumulators of a block's thread.</summary>
internal readonly struct FloatSquare(
    FloatLanes8 a, FloatLanes8 b, FloatLanes8 c, FloatLanes8 d, FloatLanes8 e, FloatLanes8 f, FloatLanes8 g, FloatLanes8 h) : IAccumulators<FloatSquare>
{
    public const int Edge = 8, Half = 4;

    public readonly FloatLanes8 A = a, B = b, C = c, D = d, E = e, F = f, G = g, H = h;

    /// <summary>Adds the products of eight activations and eight weights.</summary>
    public static FloatSquare MultiplyAdd(FloatSquare sum, FloatLanes4 upper, FloatLanes4 lower, FloatLanes8 w) => new(
        FloatLanes8.MultiplyAdd(sum.A, upper.A, w),
        FloatLanes8.MultiplyAdd(sum.B, upper.B, w),
        FloatLanes8.MultiplyAdd(sum.C, upper.C, w),
        FloatLanes8.MultiplyAdd(sum.D, upper.D, w),
        FloatLanes8.MultiplyAdd(sum.E, lower.A, w),
        FloatLanes8.MultiplyAdd(sum.F, lower.B, w),
        FloatLanes8.MultiplyAdd(sum.G, lower.C, w),
        FloatLanes8.MultiplyAdd(sum.H, lower.D, w));

    /// <summary>Adds the products of eight activations and the four weights on the left.</summary>
    public static FloatSquare MultiplyAddLeft(FloatSquare sum, FloatLanes4 upper, FloatLanes4 lower, FloatLanes4 w) => new(
        FloatLanes8.MultiplyAddLeft(sum.A, upper.A, w),
        FloatLanes8.MultiplyAddLeft(sum.B, upper.B, w),
        FloatLanes8.MultiplyAddLeft(sum.C, upper.C, w),
        FloatLanes8.MultiplyAddLeft(sum.D, upper.D, w),
        FloatLanes8.MultiplyAddLeft(sum.E, lower.A, w),
        FloatLanes8.MultiplyAddLeft(sum.F, lower.B, w),
        FloatLanes8.MultiplyAddLeft(sum.G, lower.C, w),
        FloatLanes8.MultiplyAddLeft(sum.H, lower.D, w));

    /// <summary>Adds the products of four activations and two weights, in the first two columns.</summary>
    public static FloatSquare MultiplyAddPair(FloatSquare sum, FloatLanes4 rows, float first, float second) => new(
        FloatLanes8.MultiplyAddPair(sum.A, rows.A, first, second),
        FloatLanes8.MultiplyAddPair(sum.B, rows.B, first, second),
        FloatLanes8.MultiplyAddPair(sum.C, rows.C, first, second),
        FloatLanes8.MultiplyAddPair(sum.D, rows.D, first, second),
        sum.E, sum.F, sum.G, sum.H);

    static int IAccumulators<FloatSquare>.Rows => Edge;

    static int IAccumulators<FloatSquare>.Columns => Half;

    /// <summary>Inverts the mask's bits in one accumulator.</summary>
    public static FloatSquare Toggle(FloatSquare x, int row, int lane, int mask) => new(
        FloatLanes8.Toggle(x.A, lane, row == 0 ? mask : 0),
        FloatLanes8.Toggle(x.B, lane, row == 1 ? mask : 0),
        FloatLanes8.Toggle(x.C, lane, row == 2 ? mask : 0),
        FloatLanes8.Toggle(x.D, lane, row == 3 ? mask : 0),
        FloatLanes8.Toggle(x.E, lane, row == 4 ? mask : 0),
        FloatLanes8.Toggle(x.F, lane, row == 5 ? mask : 0),
        FloatLanes8.Toggle(x.G, lane, row == 6 ? mask : 0),
        FloatLanes8.Toggle(x.H, lane, row == 7 ? mask : 0));

    /// <summary>The sum of each column.</summary>
    public static FloatLanes8 ColumnSums(FloatSquare x) => FloatLanes8.Add(
        FloatLanes8.Add(FloatLanes8.Add(x.A, x.B), FloatLanes8.Add(x.C, x.D)), FloatLanes8.Add(FloatLanes8.Add(x.E, x.F), FloatLanes8.Add(x.G, x.H)));
}
