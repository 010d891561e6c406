using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary>The four kinds of line sums of a product on the device.</summary>
internal readonly record struct SumViews(ArrayView<int> ExpectedRows, ArrayView<int> ObservedRows, ArrayView<int> ExpectedColumns, ArrayView<int> ObservedColumns);

/// <summary>
/// The four kinds of line sums of a product in one buffer, so that they are cleared and fetched at once. Rows, columns and tiles are padded to whole register tiles, so that
/// padding has slots of its own.
/// </summary>
internal readonly struct SumLayout(int rows, int columns, int paddedRows, int paddedColumns, int tile)
{
    /// <summary>Row sums from one row to the next.</summary>
    public int TileStride { get; } = IlgpuWeights.RoundUp(IlgpuWeights.TilesIn(columns, tile), DirectTile.Columns);

    public int Length => checked(2 * (RowSums + ColumnSums));

    private int TileRows { get; } = IlgpuWeights.TilesIn(rows, tile);

    private int TileColumns { get; } = IlgpuWeights.TilesIn(columns, tile);

    private int RowSums => checked(paddedRows * TileStride);

    private int ColumnSums => checked(IlgpuWeights.RoundUp(TileRows, DirectTile.Rows) * paddedColumns);

    /// <summary>Where they stand. Without checks there is nothing to sum, and a kernel still wants views.</summary>
    public SumViews In(ArrayView<int> all) => Length == 0
        ? new(all, all, all, all)
        : new(all.SubView(0, RowSums), all.SubView(RowSums, RowSums), all.SubView(2 * RowSums, ColumnSums), all.SubView(2 * RowSums + ColumnSums, ColumnSums));

    /// <summary>Takes the fetched sums, without the padding.</summary>
    public void Read(ReadOnlySpan<int> all, GemmOutput output)
    {
        Read(all[..RowSums], all.Slice(2 * RowSums, ColumnSums), output.Expected);
        Read(all.Slice(RowSums, RowSums), all[(2 * RowSums + ColumnSums)..], output.Observed);
    }

    private void Read(ReadOnlySpan<int> rowSums, ReadOnlySpan<int> columnSums, LineSums sums)
    {
        for (var i = 0; i < rows; i++)
            rowSums.Slice(i * TileStride, TileColumns).CopyTo(sums.Rows[(i * TileColumns)..]);
        for (var t = 0; t < TileRows; t++)
            columnSums.Slice(t * paddedColumns, columns).CopyTo(sums.Columns[(t * columns)..]);
    }
}
