namespace Drift.Abft;

/// <summary>A tile of a product.</summary>
/// <param name="TileRow">Tile counted from the top.</param>
/// <param name="TileColumn">Tile counted from the left.</param>
/// <param name="Edge">Edge of a tile.</param>
public readonly record struct TileArea(int TileRow, int TileColumn, int Edge)
{
    /// <summary>Whether an element lies in it.</summary>
    /// <param name="row">Row of the product.</param>
    /// <param name="column">Column of the product.</param>
    public bool Contains(int row, int column) => row / Edge == TileRow && column / Edge == TileColumn;

    /// <summary>Its elements in a product.</summary>
    /// <param name="m">Rows of the product.</param>
    /// <param name="n">Columns of the product.</param>
    public long ElementsOf(int m, int n) => (long)Math.Min(Edge, m - TileRow * Edge) * Math.Min(Edge, n - TileColumn * Edge);
}
