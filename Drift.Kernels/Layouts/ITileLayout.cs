namespace Drift.Kernels;

/// <summary>Where the elements of a matrix lie in memory: a one-to-one map of rows and columns to 0..rows x columns - 1. Nothing is padded. Immutable, for all threads.</summary>
public interface ITileLayout
{
    /// <summary>Its name in <see cref="TileLayouts"/>.</summary>
    string Name { get; }

    /// <summary>Whether a tile is put together on the chip and moved in the order of memory; else it moves in the order in which the array drains it.</summary>
    bool Repacks { get; }

    /// <summary>The place of an element, counted in elements.</summary>
    /// <param name="rows">Rows of the matrix, at least 1.</param>
    /// <param name="columns">Columns of the matrix, at least 1.</param>
    /// <param name="row">Row, 0..rows-1.</param>
    /// <param name="column">Column, 0..columns-1.</param>
    int Offset(int rows, int columns, int row, int column);

    /// <summary>How many elements from a column on to the right lie one after the other in memory; at least 1, and none past the end of the row.</summary>
    /// <param name="columns">Columns of the matrix.</param>
    /// <param name="column">Column, 0..columns-1.</param>
    int Run(int columns, int column);
}
