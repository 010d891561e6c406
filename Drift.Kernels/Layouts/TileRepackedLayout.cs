namespace Drift.Kernels;

/// <summary>
/// Tile after tile, each one piece of memory with its rows one after the other (DRIFT's repacked layout). Tiles at the right and lower edge are smaller, and their pieces with them.
/// </summary>
public sealed class TileRepackedLayout : ITileLayout
{
    /// <summary>Its name.</summary>
    public const string Key = "tile-repacked";

    private readonly int _tile;

    /// <summary>A layout.</summary>
    /// <param name="tile">Edge of a tile, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">An edge below 1.</exception>
    public TileRepackedLayout(int tile)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(tile, 1);
        _tile = tile;
    }

    /// <inheritdoc/>
    public string Name => Key;

    /// <inheritdoc/>
    public bool Repacks => true;

    /// <inheritdoc/>
    public int Offset(int rows, int columns, int row, int column)
    {
        var (top, left) = (row / _tile * _tile, column / _tile * _tile);
        var (height, width) = (Math.Min(_tile, rows - top), Math.Min(_tile, columns - left));
        return top * columns + height * left + (row - top) * width + column - left;
    }

    /// <inheritdoc/>
    public int Run(int columns, int column) => Math.Min(_tile - column % _tile, columns - column);
}
