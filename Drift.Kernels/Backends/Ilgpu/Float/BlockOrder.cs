namespace Drift.Kernels.Ilgpu;

/// <summary>Where a group's share of the blocks ends and the next one's begins.</summary>
/// <param name="Block">The block.</param>
/// <param name="Slice">Slices of its K that are the earlier group's; 0 where the cut lies between two blocks.</param>
internal readonly record struct BlockCut(int Block, int Slice);

/// <summary>
/// How the blocks of one launch follow each other, and which of them a group multiplies: blocks of the product, of expected row sums, of expected column sums. The first rounds give every group one block
/// each. What is left, between one and two blocks a group, is shared out evenly, so that no multiprocessor waits for another's last block: a block may be cut along k, where the earlier group
/// leaves its accumulators for the later one to go on with. An element stays one chain. (Stream-K, arXiv 2301.03598, but for the chain: there both parts begin with zero and are added.)
/// </summary>
/// <param name="Groups">Groups of the launch: as many as find room at once where blocks are shared, else as many as blocks.</param>
/// <param name="Rounds">Blocks that a group takes before its share of the rest.</param>
/// <param name="Share">What every group's share costs, in units of which a block of the product has <see cref="Units"/>; 0 where nothing is left behind the rounds.</param>
/// <param name="Larger">Groups, the first ones, whose share is a unit larger.</param>
/// <param name="Product">Blocks of the product.</param>
/// <param name="Width">Columns of a block of the product, an edge or half of one.</param>
/// <param name="OfRows">Blocks of expected row sums.</param>
/// <param name="OfColumns">Blocks of expected column sums.</param>
/// <param name="Slices">Slices of K.</param>
/// <param name="Tiles">Checksum tiles along an edge; 0 where blocks do not hold theirs whole.</param>
internal readonly record struct BlockOrder(int Groups, int Rounds, int Share, int Larger, int Product, int Width, LineBlocks OfRows, LineBlocks OfColumns, int Slices, int Tiles)
{
    /// <summary>Units of a block of the product.</summary>
    public const int Units = 128;

    // What half and thin blocks take of a whole one's time, and two groups on one multiprocessor of one group's: measured on an H200 with blocks of 128 (docs/gpu.md), the thin ones at 0.27, but too little holds up all others.
    private const double Half = 0.61, Thin = 0.3, Together = 1.84;

    // Thin blocks read more for each product: more of them than this many summed lines take two of cost more than a half block.
    private const int MostThin = 2;

    /// <summary>All blocks.</summary>
    public int Count => Product + OfRows.Count + OfColumns.Count;

    /// <summary>Summed lines that a block takes where there are so many; they are interleaved, and padded, by as many.</summary>
    /// <param name="lines">Summed lines of an operand.</param>
    /// <param name="edge">Edge of a block.</param>
    public static int LineGroup(int lines, int edge) => edge / 8 >= FloatSquare.Half && lines <= MostThin * (edge / 8) ? edge / 8 : edge / 2;

    /// <summary>Whether a product has so few blocks that most multiprocessors would be idle: in blocks of half the edge there are four times as many.</summary>
    /// <param name="shape">The product.</param>
    /// <param name="edge">Edge of a block.</param>
    /// <param name="multiprocessors">Multiprocessors.</param>
    public static bool AreFew(GemmShape shape, int edge, int multiprocessors) =>
        4L * IlgpuWeights.TilesIn(shape.M, edge) * IlgpuWeights.TilesIn(shape.N, edge) < multiprocessors;

    /// <summary>The order for a device.</summary>
    /// <param name="e">Extents.</param>
    /// <param name="rows">Rows of C with check rows.</param>
    /// <param name="edge">Edge of a block.</param>
    /// <param name="multiprocessors">Multiprocessors, each of which holds two groups.</param>
    /// <param name="isShared">False gives every group one block: a group may wait for the one before, so groups have to begin in their order.</param>
    public static BlockOrder Of(FloatExtents e, int rows, int edge, int multiprocessors, bool isShared)
    {
        int across = e.PaddedColumns / edge, down = e.PaddedRows / edge, blocks = across * down, linesAcross = e.Tile == 0 ? 0 : e.Stride - e.PaddedColumns, linesDown = e.Tile == 0 ? 0 : rows - e.PaddedRows;
        int columns = LineGroup(IlgpuWeights.TilesIn(e.Columns, e.Tile), edge), below = LineGroup(IlgpuWeights.TilesIn(e.Rows, e.Tile), edge), ofRows = linesAcross / columns * down, ofColumns = linesDown / below * across;
        double OfLines(int width) => width == edge / 2 ? Half : Thin;
        var all = blocks + ofRows * OfLines(columns) + ofColumns * OfLines(below);

        // Whichever is done first: a whole block a multiprocessor or more, half blocks, or two groups that share one.
        double whole = Math.Max(1, all / multiprocessors), two = Together * Math.Max(1, all / (2 * multiprocessors)), half = Math.Max(Half, (all + blocks * (2 * Half - 1)) / multiprocessors);
        var halves = half < Math.Min(whole, two);
        var one = halves ? Half : 1;
        LineBlocks Lines(int count, int width) => new(count, width, (int)Math.Round(Units * OfLines(width) / one));
        LineBlocks onRows = Lines(ofRows, columns), onColumns = Lines(ofColumns, below);
        var product = halves ? 2 * blocks : blocks;

        var order = new BlockOrder(
            0, 0, 0, 0, product, halves ? edge / 2 : edge, onRows, onColumns, e.Depth / (edge / 16), FloatBlockEpilogue.Holds(edge, e.Tile) ? edge / e.Tile : 0);
        if (!isShared)
            return order with { Groups = order.Count, Rounds = 1 };

        // A share is no less than a block, so that a block is cut once at most.
        long units = (long)Units * product + onRows.All + onColumns.All;
        var groups = (int)Math.Clamp(units / Units, 1, two < Math.Min(whole, half) ? 2 * multiprocessors : multiprocessors);
        var rounds = Math.Max(0, product / groups - 1);
        units -= (long)Units * rounds * groups;
        return order with { Groups = groups, Rounds = rounds, Share = (int)(units / groups), Larger = (int)(units % groups) };
    }

    /// <summary>Where the share of the group before ends and a group's begins.</summary>
    /// <param name="group">The group; the number of groups for the end of all.</param>
    public BlockCut Cut(int group)
    {
        if (Share == 0)
            return new(Count, 0);
        int at = group * Share + Math.Min(group, Larger), block = Rounds * Groups, ahead = (Product - block) * Units;
        if (at < ahead)
            return new(block + at / Units, at % Units * Slices / Units);
        at -= ahead;
        return at < OfRows.All ? OfRows.Cut(Product, at, Slices) : OfColumns.Cut(Product + OfRows.Count, at - OfRows.All, Slices);
    }
}

/// <summary>Blocks that multiply an operand with the other's summed lines.</summary>
/// <param name="Count">Their number.</param>
/// <param name="Width">Summed lines that a block takes.</param>
/// <param name="Units">What one costs, in units of <see cref="BlockOrder"/>.</param>
internal readonly record struct LineBlocks(int Count, int Width, int Units)
{
    /// <summary>What all cost.</summary>
    public int All => Count * Units;

    /// <summary>Where a share ends.</summary>
    /// <param name="first">Number of the first block.</param>
    /// <param name="at">What is ahead of it among these blocks.</param>
    /// <param name="slices">Slices of K.</param>
    public BlockCut Cut(int first, int at, int slices) => new(first + at / Units, at % Units * slices / Units);
}
