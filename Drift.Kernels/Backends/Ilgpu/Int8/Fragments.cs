namespace Drift.Kernels.Ilgpu;

/// <summary>A lane's operands of 32 values of k: of 64 rows a quad for each 16, of 64 columns a quad for each two accumulator tiles.</summary>
/// <remarks>A row's four quads in shared memory change places with the row (<see cref="At"/>): eight rows of a matrix then stand in all 32 banks, and rows need no padding.</remarks>
internal readonly struct Fragments(Lanes16 rows, Lanes16 columns)
{
    /// <summary>What inverts in a place takes from the first 32 k of a slice to the others, in bytes.</summary>
    public const int Half = 32;

    private const int Sixteen = 16 * RowBytes, RowBytes = 4 * MatrixBlocks.SliceWords;

    public readonly Lanes16 Rows = rows, Columns = columns;

    /// <summary>Bytes from the start of a slice to a row's quad.</summary>
    public static int At(int row, int quad) => row * RowBytes + (quad ^ row / 2 % 4) * 16;

    /// <summary>Bytes from a warp's rows to the row that a lane names: matrices are rows 0..7 and 8..15 of the first 16 k, then of the others.</summary>
    public static int OfRows(int lane) => At(lane % 16, lane / 16);

    /// <summary>Bytes from a warp's columns to the column that a lane names: matrices are the first and the other 16 k of columns 0..7, then of 8..15.</summary>
    public static int OfColumns(int lane) => At(lane / 16 * 8 + lane % 8, lane / 8 % 2);

    /// <summary>Loads them.</summary>
    /// <param name="a">Address of the lane's row of A.</param>
    /// <param name="w">Address of the lane's column of W.</param>
    public static Fragments Load<TShare>(int a, int w)
        where TShare : struct, IMatrixShare =>
        new(Load(a), TShare.Columns == MatrixBlocks.Columns / 2 ? Load(w) : new(TensorCores.LoadMatrices(w, 0), TensorCores.LoadMatrices(w, Sixteen), default, default));

    /// <summary>Adds the products of all rows and the near 32 columns.</summary>
    public static RegisterTile Near<TElement>(RegisterTile sum, Fragments x)
        where TElement : struct, IMatrixElement => MultiplyAdd<TElement>(sum, x.Rows, x.Columns.A, x.Columns.B);

    /// <summary>Adds the products of all rows and the far 32 columns.</summary>
    public static RegisterTile Far<TElement>(RegisterTile sum, Fragments x)
        where TElement : struct, IMatrixElement => MultiplyAdd<TElement>(sum, x.Rows, x.Columns.C, x.Columns.D);

    private static Lanes16 Load(int address) => new(
        TensorCores.LoadMatrices(address, 0), TensorCores.LoadMatrices(address, Sixteen),
        TensorCores.LoadMatrices(address, 2 * Sixteen), TensorCores.LoadMatrices(address, 3 * Sixteen));

    private static RegisterTile MultiplyAdd<TElement>(RegisterTile sum, Lanes16 rows, Lanes4 left, Lanes4 right)
        where TElement : struct, IMatrixElement => new(
        Row<TElement>(sum.A, rows.A, left, right), Row<TElement>(sum.B, rows.B, left, right), Row<TElement>(sum.C, rows.C, left, right), Row<TElement>(sum.D, rows.D, left, right));

    /// <summary>Four accumulator tiles beside each other.</summary>
    private static Lanes16 Row<TElement>(Lanes16 sum, Lanes4 a, Lanes4 left, Lanes4 right)
        where TElement : struct, IMatrixElement => new(
        TElement.MultiplyAdd(sum.A, a, left.A, left.B),
        TElement.MultiplyAdd(sum.B, a, left.C, left.D),
        TElement.MultiplyAdd(sum.C, a, right.A, right.B),
        TElement.MultiplyAdd(sum.D, a, right.C, right.D));
}
