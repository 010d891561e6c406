namespace Drift.Kernels.Ilgpu;

/// <summary>How large a block is. A constant that the compiler folds: a size is a kernel of its own.</summary>
internal interface IBlockSize
{
    /// <summary>Edge of the block, 16 times a power of two up to 128.</summary>
    static abstract int Edge { get; }
}

/// <summary>The size for GPUs: 256 threads.</summary>
internal readonly struct Block128 : IBlockSize
{
    /// <inheritdoc/>
    public static int Edge => 128;
}

/// <summary>The size for GPUs where larger blocks would not fill them: 64 threads.</summary>
internal readonly struct Block64 : IBlockSize
{
    /// <inheritdoc/>
    public static int Edge => 64;
}

/// <summary>The size for the simulator, where a thread is a thread of the system: 4 threads.</summary>
internal readonly struct Block16 : IBlockSize
{
    /// <inheritdoc/>
    public static int Edge => 16;
}

/// <summary>How many columns a block has. A constant, as <see cref="IBlockSize"/>.</summary>
internal interface IBlockShare
{
    /// <summary>Whether they are as many as rows, not half as many.</summary>
    static abstract bool IsWhole { get; }
}

/// <summary>As many columns as rows.</summary>
internal readonly struct WholeBlock : IBlockShare
{
    /// <inheritdoc/>
    public static bool IsWhole => true;
}

/// <summary>Half as many: for summed lines, which are few, and for what is left of a product behind the last blocks that fill the GPU together.</summary>
internal readonly struct HalfBlock : IBlockShare
{
    /// <inheritdoc/>
    public static bool IsWhole => false;
}

/// <summary>How the blocks of one launch follow each other: whole ones of the product, halves of it, half blocks of expected row sums, of expected column sums.</summary>
/// <param name="Whole">Whole blocks, row by row; what follows is multiplied in halves.</param>
/// <param name="Halves">Halves of the product.</param>
/// <param name="OfRows">Blocks of expected row sums.</param>
/// <param name="OfColumns">Blocks of expected column sums.</param>
internal readonly record struct BlockOrder(int Whole, int Halves, int OfRows, int OfColumns)
{
    /// <summary>All of them.</summary>
    public int Count => Whole + Halves + OfRows + OfColumns;

    /// <summary>
    /// The order for a device that holds some groups at once. What is left behind its last full wave would hold it up for a whole block's time: where a multiprocessor has at most one half of
    /// them to multiply, or three where it could not have two wholes, halves are done earlier.
    /// </summary>
    /// <param name="e">Extents.</param>
    /// <param name="rows">Rows of C with check rows.</param>
    /// <param name="edge">Edge of a block.</param>
    /// <param name="slots">Groups that the device holds; two a multiprocessor.</param>
    public static BlockOrder Of(FloatExtents e, int rows, int edge, int slots)
    {
        int across = e.PaddedColumns / edge, down = e.PaddedRows / edge, blocks = across * down, left = blocks % slots;
        var halved = left <= slots / 4 || (left > slots / 2 && left <= slots / 4 * 3) ? left : 0;
        return new(blocks - halved, 2 * halved, (e.Stride - e.PaddedColumns) / (edge / 2) * down, (rows - e.PaddedRows) / (edge / 2) * across);
    }
}
