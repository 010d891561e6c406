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
/// <param name="Groups">Groups of the launch, all of which find room at once.</param>
/// <param name="Rounds">Blocks that a group takes before its share of the rest.</param>
/// <param name="Product">Blocks of the product.</param>
/// <param name="OfRows">Blocks of expected row sums.</param>
/// <param name="OfColumns">Blocks of expected column sums.</param>
/// <param name="Width">Columns of a block of the product, an edge or half of one.</param>
/// <param name="Columns">Summed columns that a block of expected row sums takes.</param>
/// <param name="Rows">Summed rows that a block of expected column sums takes.</param>
/// <param name="Slices">Slices of K.</param>
/// <param name="Edge">Edge of a whole block.</param>
internal readonly record struct BlockOrder(int Groups, int Rounds, int Product, int OfRows, int OfColumns, int Width, int Columns, int Rows, int Slices, int Edge)
{
    // What a block costs, in hundredths of a whole one, and how much longer two groups take on one multiprocessor than one does alone (measured on an H200, docs/gpu.md).
    private const int WholeUnits = 100, HalfUnits = 61, ThinUnits = 25;
    private const double Together = 1.84;

    // Thin blocks read more for each product: more of them than this many summed lines take two of cost more than a half block.
    private const int MostThin = 2;

    /// <summary>All blocks.</summary>
    public int Count => Product + OfRows + OfColumns;

    /// <summary>What all blocks behind the rounds cost.</summary>
    private int Shared => (Product - Rounds * Groups) * Units(Width) + OfRows * Units(Columns) + OfColumns * Units(Rows);

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
    public static BlockOrder Of(FloatExtents e, int rows, int edge, int multiprocessors)
    {
        int across = e.PaddedColumns / edge, down = e.PaddedRows / edge, linesAcross = e.Tile == 0 ? 0 : e.Stride - e.PaddedColumns, linesDown = e.Tile == 0 ? 0 : rows - e.PaddedRows;
        int columns = LineGroup(IlgpuWeights.TilesIn(e.Columns, e.Tile), edge), below = LineGroup(IlgpuWeights.TilesIn(e.Rows, e.Tile), edge);
        var all = new BlockOrder(1, 0, across * down, linesAcross / columns * down, linesDown / below * across, edge, columns, below, e.Depth / (edge / 16), edge);
        var halved = all with { Product = 2 * all.Product, Width = edge / 2 };

        // Whichever is done first: a whole block a multiprocessor or more, half blocks, or two groups that share one.
        double whole = Math.Max(1, all.Shared / (double)WholeUnits / multiprocessors), half = Math.Max(HalfUnits, halved.Shared / (double)multiprocessors) / WholeUnits;
        var two = Together * Math.Max(1, all.Shared / (2.0 * WholeUnits) / multiprocessors);
        var order = half < Math.Min(whole, two) ? halved : all;
        // A share is no less than a block, so that a block is cut once at most.
        var groups = Math.Clamp(order.Shared / order.Units(order.Width), 1, two < Math.Min(whole, half) ? 2 * multiprocessors : multiprocessors);
        return order with { Groups = groups, Rounds = Math.Max(0, order.Product / groups - 1) };
    }

    /// <summary>Where the share of the group before ends and a group's begins.</summary>
    /// <param name="group">The group; the number of groups for the end of all.</param>
    public BlockCut Cut(int group)
    {
        int at = (int)((long)group * Shared / Groups), block = Rounds * Groups, units = Units(Width), ahead = (Product - block) * units;
        if (at >= ahead)
        {
            at -= ahead;
            (block, units) = (Product, Units(Columns));
            ahead = OfRows * units;
            if (at >= ahead)
            {
                at -= ahead;
                (block, units) = (Product + OfRows, Units(Rows));
            }
        }

        return new(block + at / units, at % units * Slices / units);
    }

    private int Units(int width) => width == Edge ? WholeUnits : width == Edge / 2 ? HalfUnits : ThinUnits;
}
