using Drift.Kernels;

namespace Drift.Dvfs;

/// <summary>The order in which a tile's elements leave the array, or are wanted back, where nothing puts them together first.</summary>
public enum TileWalk
{
    /// <summary>Row after row.</summary>
    Rows,

    /// <summary>Column after column, as an array drains whose column ports write for themselves.</summary>
    Columns,
}

/// <summary>The traffic of checkpointed tiles under a layout: needs no run.</summary>
/// <param name="Rows">Rows of the matrix, at least 1.</param>
/// <param name="Columns">Columns of the matrix, at least 1.</param>
/// <param name="Tile">Edge of a tile, at least 1.</param>
/// <param name="ElementBytes">Bytes of an element: 1 for INT8, 4 for fp32.</param>
public sealed record TileTraffic(int Rows, int Columns, int Tile, int ElementBytes)
{
    /// <summary>Writes one tile, or reads it back.</summary>
    /// <param name="geometry">The memory.</param>
    /// <param name="layout">Where elements lie. One that repacks moves them in the order of memory, whatever the walk.</param>
    /// <param name="walk">The order of the elements otherwise.</param>
    /// <param name="write">Whether the tile is written.</param>
    /// <param name="tileRow">Tile counted from the top.</param>
    /// <param name="tileColumn">Tile counted from the left.</param>
    public DramTraffic Move(DramGeometry geometry, ITileLayout layout, TileWalk walk, bool write, int tileRow = 0, int tileColumn = 0)
    {
        var meter = new DramMeter(geometry);
        Walk(meter, layout, walk, write, tileRow, tileColumn);
        return meter.Total();
    }

    /// <summary>Writes every tile of the matrix, or reads it back, tile by tile.</summary>
    /// <param name="geometry">The memory.</param>
    /// <param name="layout">Where elements lie.</param>
    /// <param name="walk">The order of the elements of a tile where the layout does not repack.</param>
    /// <param name="write">Whether they are written.</param>
    public DramTraffic MoveAll(DramGeometry geometry, ITileLayout layout, TileWalk walk, bool write)
    {
        var meter = new DramMeter(geometry);
        for (var tileRow = 0; tileRow * Tile < Rows; tileRow++)
        {
            for (var tileColumn = 0; tileColumn * Tile < Columns; tileColumn++)
                Walk(meter, layout, walk, write, tileRow, tileColumn);
        }

        return meter.Total();
    }

    /// <summary>Saves one tile and restores it once: what a checkpoint is for.</summary>
    /// <param name="geometry">The memory.</param>
    /// <param name="layout">Where elements lie.</param>
    /// <param name="walk">The order of the elements where the layout does not repack.</param>
    public DramTraffic SaveAndRestore(DramGeometry geometry, ITileLayout layout, TileWalk walk) =>
        Move(geometry, layout, walk, write: true) + Move(geometry, layout, walk, write: false);

    private void Walk(DramMeter meter, ITileLayout layout, TileWalk walk, bool write, int tileRow, int tileColumn)
    {
        ArgumentNullException.ThrowIfNull(layout);
        var (top, left) = (tileRow * Tile, tileColumn * Tile);
        var (bottom, right) = (Math.Min(top + Tile, Rows), Math.Min(left + Tile, Columns));
        if (walk == TileWalk.Columns && !layout.Repacks)
        {
            for (var column = left; column < right; column++)
            {
                for (var row = top; row < bottom; row++)
                    Access(meter, layout, row, column, 1, write);
            }

            return;
        }

        for (var row = top; row < bottom; row++)
        {
            for (int column = left, run; column < right; column += run)
            {
                run = Math.Min(layout.Run(Columns, column), right - column);
                Access(meter, layout, row, column, run, write);
            }
        }
    }

    private void Access(DramMeter meter, ITileLayout layout, int row, int column, int count, bool write) =>
        meter.Access((long)layout.Offset(Rows, Columns, row, column) * ElementBytes, (long)count * ElementBytes, write);
}
