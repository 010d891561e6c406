namespace Drift.Kernels.Ilgpu;

/// <summary>The 8 x 16 accumulators of a direct work item. Both extents divide a fault block's edge, so a tile lies in one block.</summary>
internal readonly struct DirectTile(RegisterTile upper, RegisterTile lower) : IAccumulators<DirectTile>
{
    public const int Rows = 2 * RegisterTile.Rows, Columns = 16;

    public readonly RegisterTile Upper = upper, Lower = lower;

    /// <summary>Adds the products of eight pairs of activations and sixteen of weights.</summary>
    public static DirectTile MultiplyAdd(DirectTile sum, Lanes4 upper, Lanes4 lower, Lanes16 w) =>
        new(RegisterTile.MultiplyAdd(sum.Upper, upper, w), RegisterTile.MultiplyAdd(sum.Lower, lower, w));

    static int IAccumulators<DirectTile>.Rows => Rows;

    static int IAccumulators<DirectTile>.Columns => Columns;

    /// <summary>Inverts the mask's bits in one accumulator.</summary>
    public static DirectTile Toggle(DirectTile x, int row, int column, int mask) =>
        new(RegisterTile.Toggle(x.Upper, row, column, mask), RegisterTile.Toggle(x.Lower, row - RegisterTile.Rows, column, mask));

    /// <summary>The sum of each column.</summary>
    public static Lanes16 ColumnSums(DirectTile x) => Lanes16.Add(RegisterTile.ColumnSums(x.Upper), RegisterTile.ColumnSums(x.Lower));
}
