namespace Drift.Kernels.Ilgpu;

/// <summary>Four INT32 in registers.</summary>
/// <remarks>
/// Written out, not an array: ILGPU does not unroll loops, and an array indexed by a loop counter lands in local memory. Everything here is static and takes
/// values, since an instance call would take the struct's address and pin it to memory.
/// </remarks>
internal readonly struct Lanes4(int a, int b, int c, int d)
{
    public readonly int A = a, B = b, C = c, D = d;

    public static int Sum(Lanes4 x) => x.A + x.B + x.C + x.D;

    public static Lanes4 Add(Lanes4 x, Lanes4 y) => new(x.A + y.A, x.B + y.B, x.C + y.C, x.D + y.D);

    /// <summary>Inverts the mask's bits in one lane; in none when the lane is not 0..3.</summary>
    public static Lanes4 Toggle(Lanes4 x, int lane, int mask) => new(
        x.A ^ (lane == 0 ? mask : 0),
        x.B ^ (lane == 1 ? mask : 0),
        x.C ^ (lane == 2 ? mask : 0),
        x.D ^ (lane == 3 ? mask : 0));
}

/// <summary>Sixteen INT32 in registers: a row of the register tile.</summary>
internal readonly struct Lanes16(Lanes4 a, Lanes4 b, Lanes4 c, Lanes4 d)
{
    public readonly Lanes4 A = a, B = b, C = c, D = d;

    public static int Sum(Lanes16 x) => Lanes4.Sum(Lanes4.Add(Lanes4.Add(x.A, x.B), Lanes4.Add(x.C, x.D)));

    public static Lanes16 Add(Lanes16 x, Lanes16 y) =>
        new(Lanes4.Add(x.A, y.A), Lanes4.Add(x.B, y.B), Lanes4.Add(x.C, y.C), Lanes4.Add(x.D, y.D));

    /// <summary>Inverts the mask's bits in one lane, 0..15.</summary>
    public static Lanes16 Toggle(Lanes16 x, int lane, int mask) => new(
        Lanes4.Toggle(x.A, lane, mask),
        Lanes4.Toggle(x.B, lane - 4, mask),
        Lanes4.Toggle(x.C, lane - 8, mask),
        Lanes4.Toggle(x.D, lane - 12, mask));
}

/// <summary>The 4 x 16 accumulators of a lane of the tensor cores, and half of those of a direct work item.</summary>
internal readonly struct RegisterTile(Lanes16 a, Lanes16 b, Lanes16 c, Lanes16 d)
{
    public const int Rows = 4;

    public readonly Lanes16 A = a, B = b, C = c, D = d;

    /// <summary>Adds the products of four pairs of activations and sixteen of weights.</summary>
    public static RegisterTile MultiplyAdd(RegisterTile sum, Lanes4 x, Lanes16 w) => new(
        PairLanes.MultiplyAdd(sum.A, x.A, w),
        PairLanes.MultiplyAdd(sum.B, x.B, w),
        PairLanes.MultiplyAdd(sum.C, x.C, w),
        PairLanes.MultiplyAdd(sum.D, x.D, w));

    /// <summary>Inverts the mask's bits in one accumulator.</summary>
    public static RegisterTile Toggle(RegisterTile x, int row, int column, int mask) => new(
        Lanes16.Toggle(x.A, column, row == 0 ? mask : 0),
        Lanes16.Toggle(x.B, column, row == 1 ? mask : 0),
        Lanes16.Toggle(x.C, column, row == 2 ? mask : 0),
        Lanes16.Toggle(x.D, column, row == 3 ? mask : 0));

    /// <summary>The sum of each place.</summary>
    public static RegisterTile Add(RegisterTile x, RegisterTile y) => new(Lanes16.Add(x.A, y.A), Lanes16.Add(x.B, y.B), Lanes16.Add(x.C, y.C), Lanes16.Add(x.D, y.D));

    /// <summary>The sum of each row.</summary>
    public static Lanes4 RowSums(RegisterTile x) => new(Lanes16.Sum(x.A), Lanes16.Sum(x.B), Lanes16.Sum(x.C), Lanes16.Sum(x.D));

    /// <summary>The sum of each column.</summary>
    public static Lanes16 ColumnSums(RegisterTile x) => Lanes16.Add(Lanes16.Add(x.A, x.B), Lanes16.Add(x.C, x.D));
}
