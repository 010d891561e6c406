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
    /// <summary>Columns of a thread: 8, 4 or 1; the block has as many times an eighth of its edge.</summary>
    static abstract int Columns { get; }
}

/// <summary>As many columns as rows.</summary>
internal readonly struct WholeBlock : IBlockShare
{
    /// <inheritdoc/>
    public static int Columns => 8;
}

/// <summary>Half as many: for summed lines, and for what is left of a product behind the last blocks that fill the GPU together.</summary>
internal readonly struct HalfBlock : IBlockShare
{
    /// <inheritdoc/>
    public static int Columns => 4;
}

/// <summary>An eighth as many, for summed lines that are few.</summary>
internal readonly struct ThinBlock : IBlockShare
{
    /// <inheritdoc/>
    public static int Columns => 1;
}

/// <summary>How many summed lines of either operand a block multiplies beside its product. A constant, as <see cref="IBlockSize"/>.</summary>
internal interface IBlockLines
{
    /// <summary>0, 1, 2 or 4.</summary>
    static abstract int Count { get; }
}

/// <summary>None: nothing is checked, or blocks of their own multiply them.</summary>
internal readonly struct NoLines : IBlockLines
{
    /// <inheritdoc/>
    public static int Count => 0;
}

/// <summary>One: tiles of the block's size, or of several blocks.</summary>
internal readonly struct OneLine : IBlockLines
{
    /// <inheritdoc/>
    public static int Count => 1;
}

/// <summary>Two: tiles of half a block.</summary>
internal readonly struct TwoLines : IBlockLines
{
    /// <inheritdoc/>
    public static int Count => 2;
}

/// <summary>Four: tiles of a quarter of a block.</summary>
internal readonly struct FourLines : IBlockLines
{
    /// <inheritdoc/>
    public static int Count => 4;
}

/// <summary>How the blocks of one launch follow each other: whole ones of the product, halves of it, half or thin blocks of expected row sums, of expected column sums.</summary>
/// <param name="Whole">Whole blocks, row by row; what follows is multiplied in halves.</param>
/// <param name="Halves">Halves of the product.</param>
/// <param name="OfRows">Blocks of expected row sums.</param>
/// <param name="OfColumns">Blocks of expected column sums.</param>
/// <param name="Columns">Summed columns that a block of expected row sums takes.</param>
/// <param name="Rows">Summed rows that a block of expected column sums takes.</param>
internal readonly record struct BlockOrder(int Whole, int Halves, int OfRows, int OfColumns, int Columns, int Rows)
{
    // Thin blocks read more for each product: more of them than this many summed lines take two of cost more than a half block.
    private const int MostThin = 2;

    /// <summary>All of them.</summary>
    public int Count => Whole + Halves + OfRows + OfColumns;

    /// <summary>Summed lines that a block takes where there are so many; they are interleaved, and padded, by as many.</summary>
    /// <param name="lines">Summed lines of an operand.</param>
    /// <param name="edge">Edge of a block.</param>
    /// <param name="beside">Summed lines that a block of the product multiplies itself, or 0.</param>
    public static int LineGroup(int lines, int edge, int beside) => beside > 0 ? beside : edge / 8 >= FloatSquare.Half && lines <= MostThin * (edge / 8) ? edge / 8 : edge / 2;

    /// <summary>Summed lines of either operand that a block of the product can multiply itself, or 0 where blocks of their own have to: tiles neither hold whole blocks nor are a half or quarter of one.</summary>
    /// <param name="edge">Edge of a block.</param>
    /// <param name="tile">Edge of a checksum tile, or 0.</param>
    public static int Beside(int edge, int tile) => tile == 0 ? 0 : tile % edge == 0 ? 1 : edge % tile == 0 && edge / tile is 2 or 4 ? edge / tile : 0;

    /// <summary>Whether a product is better multiplied in blocks of half the edge: what is left behind its last full wave then holds up the whole for less, by more than such blocks lose (measured, docs/gpu.md).</summary>
    /// <param name="shape">The product.</param>
    /// <param name="edge">Edge of a block.</param>
    /// <param name="multiprocessors">Multiprocessors.</param>
    public static bool AreFewer(GemmShape shape, int edge, int multiprocessors)
    {
        const double Loss = 1.05;
        var blocks = Blocks(shape, edge);
        return 4 * blocks < multiprocessors || blocks >= multiprocessors && Loss * Rounds(Blocks(shape, edge / 2), multiprocessors) / 4 < Rounds(blocks, multiprocessors);
    }

    /// <summary>
    /// Whether blocks multiply their own summed lines. That takes every block 8 % longer, 14 % with several lines (measured, docs/gpu.md): it pays where blocks of their own would begin another wave of a
    /// product of a few, or are many for one.
    /// </summary>
    /// <param name="shape">The product.</param>
    /// <param name="edge">Edge of a block.</param>
    /// <param name="tile">Edge of a checksum tile, or 0.</param>
    /// <param name="multiprocessors">Multiprocessors.</param>
    /// <param name="places">Groups that all of them hold at once.</param>
    public static bool IsBeside(GemmShape shape, int edge, int tile, int multiprocessors, int places)
    {
        var beside = Beside(edge, tile);
        long blocks = Blocks(shape, edge), left = Left(blocks, multiprocessors), product = blocks + left;
        if (beside == 0 || 2 * blocks < places)
            return beside > 0;
        long OfLines(int extent, int other)
        {
            var lines = IlgpuWeights.TilesIn(extent, tile);
            return (long)IlgpuWeights.TilesIn(lines, LineGroup(lines, edge, 0)) * IlgpuWeights.TilesIn(other, edge);
        }

        var further = OfLines(shape.N, shape.M) + OfLines(shape.M, shape.N);
        var another = (product + further + places - 1) / places > (product + places - 1) / places;
        return 2 * blocks < 5L * places && (another || beside == 1 && 4 * further > places);
    }

    /// <summary>
    /// The order for a device. What is left behind the last full wave would hold it up for a whole block's time: those that would be a multiprocessor's second, and those that would be its first
    /// where few are left, are multiplied in halves.
    /// </summary>
    /// <param name="e">Extents.</param>
    /// <param name="rows">Rows of C with check rows.</param>
    /// <param name="edge">Edge of a block.</param>
    /// <param name="beside">Summed lines that a block of the product multiplies itself, or 0.</param>
    /// <param name="multiprocessors">Multiprocessors, each of which holds two groups.</param>
    public static BlockOrder Of(FloatExtents e, int rows, int edge, int beside, int multiprocessors)
    {
        int across = e.PaddedColumns / edge, down = e.PaddedRows / edge, blocks = across * down, halved = (int)Left(blocks, multiprocessors);
        if (e.Tile == 0 || beside > 0)
            return new(blocks - halved, 2 * halved, 0, 0, 0, 0);
        int linesAcross = e.Stride - e.PaddedColumns, linesDown = rows - e.PaddedRows;
        int columns = LineGroup(IlgpuWeights.TilesIn(e.Columns, e.Tile), edge, 0), below = LineGroup(IlgpuWeights.TilesIn(e.Rows, e.Tile), edge, 0);
        return new(blocks - halved, 2 * halved, linesAcross / columns * down, linesDown / below * across, columns, below);
    }

    private static long Blocks(GemmShape shape, int edge) => (long)IlgpuWeights.TilesIn(shape.M, edge) * IlgpuWeights.TilesIn(shape.N, edge);

    /// <summary>Blocks that are multiplied in halves.</summary>
    private static long Left(long blocks, int multiprocessors) => 2 * (blocks % multiprocessors) <= multiprocessors ? blocks % multiprocessors : 0;

    /// <summary>A multiprocessor's time in blocks, the fullest one's.</summary>
    private static double Rounds(long blocks, int multiprocessors) => blocks / multiprocessors + (blocks % multiprocessors == 0 ? 0 : Left(blocks, multiprocessors) > 0 ? 0.5 : 1);
}
