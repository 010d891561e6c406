using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary>
/// The four kinds of line sums of a product in one buffer, so that they are cleared and fetched at once. Rows and columns are padded to whole register tiles, so that
/// padding has slots of its own.
/// </summary>
internal readonly struct SumLayout(int rows, int columns, int paddedRows, int paddedColumns, int tile)
{
    public int Rows => rows;

    public int Columns => columns;

    public int TileRows { get; } = IlgpuWeights.TilesIn(rows, tile);

    public int TileColumns { get; } = IlgpuWeights.TilesIn(columns, tile);

    public int Length => checked(2 * (RowSums + ColumnSums));

    private int RowSums => checked(paddedRows * TileColumns);

    private int ColumnSums => checked(TileRows * paddedColumns);

    public ArrayView<int> ExpectedRows(ArrayView<int> all) => Part(all, 0, RowSums);

    public ArrayView<int> ObservedRows(ArrayView<int> all) => Part(all, RowSums, RowSums);

    public ArrayView<int> ExpectedColumns(ArrayView<int> all) => Part(all, 2 * RowSums, ColumnSums);

    public ArrayView<int> ObservedColumns(ArrayView<int> all) => Part(all, 2 * RowSums + ColumnSums, ColumnSums);

    /// <summary>Takes the fetched sums, without the padding.</summary>
    public void Read(ReadOnlySpan<int> all, GemmOutput output)
    {
        Read(all[..RowSums], all.Slice(2 * RowSums, ColumnSums), output.Expected);
        Read(all.Slice(RowSums, RowSums), all[(2 * RowSums + ColumnSums)..], output.Observed);
    }

    private void Read(ReadOnlySpan<int> rowSums, ReadOnlySpan<int> columnSums, LineSums sums)
    {
        rowSums[..(rows * TileColumns)].CopyTo(sums.Rows);
        for (var t = 0; t < TileRows; t++)
            columnSums.Slice(t * paddedColumns, columns).CopyTo(sums.Columns[(t * columns)..]);
    }

    /// <summary>Without checks there is nothing to sum, and a kernel still wants a view.</summary>
    private static ArrayView<int> Part(ArrayView<int> all, int first, int length) => length == 0 ? all : all.SubView(first, length);
}
