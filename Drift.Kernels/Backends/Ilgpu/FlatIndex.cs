using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary>
/// Rows of values as one row of items, neighbours beside each other in memory. A launch in two dimensions puts its rows into a GPU's second grid dimension, which ends at 65,535, fewer than a picture has
/// pixels; the first ends at 2^31 - 1 groups.
/// </summary>
internal static class FlatIndex
{
    /// <summary>Items of a launch.</summary>
    /// <param name="width">Items of a row.</param>
    /// <param name="rows">Rows.</param>
    /// <exception cref="OverflowException">They are more than 2^31 - 1.</exception>
    public static Index1D Count(int width, int rows) => checked(width * rows);

    /// <summary>The place of an item: X within its row, Y the row.</summary>
    /// <param name="flat">The item.</param>
    /// <param name="width">Items of a row, at least 1.</param>
    public static Index2D At(Index1D flat, int width)
    {
        var row = flat.X / width;
        return new Index2D(flat.X - row * width, row);
    }
}
