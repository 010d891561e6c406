namespace Drift.Kernels;

/// <summary>
/// How an INT8 product is cut. Blocks are whole tiles, as many as fit the second-level cache, and as even as tiles allow: threads that have as many each are through at the same time. A tile too long
/// for the cache is a block of its own, whose rows are taken in turns; one so long that threads would have none is cut into parts, each a block, whose sums are added to the others'.
/// </summary>
internal readonly struct ProductCut
{
    // Fewer rows would wait for their panels.
    private const int LeastRowsPerThread = 96;

    // Where several threads begin with one block.
    private const int SharesPerThread = 4;

    // A shorter tile is not cut.
    private const int LeastRowsCut = 128;

    private readonly int _rows, _unit;

    /// <summary>Cuts a product.</summary>
    /// <param name="rows">Rows of C, at least 1.</param>
    /// <param name="tile">Edge of a tile; 0 for no checks.</param>
    /// <param name="call">Rows of the micro-kernel.</param>
    /// <param name="stride">Bytes between packed rows.</param>
    /// <param name="panels">Panels that each row meets.</param>
    /// <param name="threads">Threads, at least 1.</param>
    public ProductCut(int rows, int tile, int call, nint stride, int panels, int threads)
    {
        var fitting = Math.Max(call, (int)(CacheSizes.BlockBytes / stride));
        (_rows, _unit, TileParts) = (rows, tile == 0 ? 1 : tile, 1);
        var owners = Math.Clamp(rows / LeastRowsPerThread, 1, threads);
        for (; Units < owners && _unit >= LeastRowsCut && _unit % 2 == 0 && 2 * TileParts <= owners; _unit /= 2)
            TileParts *= 2;
        owners = owners / TileParts * TileParts;
        var most = TileParts > 1 ? _unit : Math.Max(_unit, (fitting + _unit / 2) / _unit * _unit);
        Blocks = Math.Min(Units, (rows + most * owners - 1) / (most * owners) * owners);
        Owners = Math.Min(owners, Blocks);
        BlockRows = (Units + Blocks - 1) / Blocks * _unit;
        // Turns of nearly the same height: a panel that comes for a few rows is as long on its way. All panels come once a turn, so that a turn may take half as much again as a block, three quarters of the cache.
        var turns = BlockRows > _unit ? 1 : (2 * BlockRows + 3 * fitting - 1) / (3 * fitting);
        TurnRows = turns == 1 ? BlockRows : ((BlockRows + turns - 1) / turns + call - 1) / call * call;
        PackRows = tile == 0 ? FaultPlan.Block : Math.Min(tile, BlockRows);
        var sharers = (threads + Owners - 1) / Owners;
        IsShared = sharers > 1;
        PackParts = TileParts == 1 && (BlockRows + PackRows - 1) / PackRows < sharers ? sharers : 1;
        // Who has a block alone goes from panel to panel, which the processor foresees; others come when theirs are done. Where several begin together, each has some panels in a row.
        ColumnParts = threads == 1 ? 1 : IsShared ? Math.Min(panels, SharesPerThread * sharers) : panels;
    }

    /// <summary>Blocks of rows.</summary>
    public int Blocks { get; }

    /// <summary>Blocks that are packed at a time: as many as threads, or fewer, with several threads each.</summary>
    public int Owners { get; }

    /// <summary>Whether several threads begin with one block.</summary>
    public bool IsShared { get; }

    /// <summary>Most rows of a block.</summary>
    public int BlockRows { get; }

    /// <summary>Blocks of a tile that is cut, else 1.</summary>
    public int TileParts { get; }

    /// <summary>Rows of a block that meet a panel at a time.</summary>
    public int TurnRows { get; }

    /// <summary>Rows that are packed at a time.</summary>
    public int PackRows { get; }

    /// <summary>Threads that share these, a stretch of K each.</summary>
    public int PackParts { get; }

    /// <summary>Shares that a block's panels are multiplied in.</summary>
    public int ColumnParts { get; }

    private int Units => (_rows + _unit - 1) / _unit;

    /// <summary>The first row of a block, which begins a tile, or a part of one.</summary>
    /// <param name="block">Block, from 0; their number for the last row's end.</param>
    public int Top(int block) => (int)Math.Min(_rows, (long)block * Units / Blocks * _unit);

    /// <summary>Rows of a block.</summary>
    /// <param name="block">Block, from 0.</param>
    public int Rows(int block) => Top(block + 1) - Top(block);

    /// <summary>Whether a block has the last rows of its last tile, which check rows follow.</summary>
    /// <param name="block">Block, from 0.</param>
    public bool EndsTile(int block) => (block + 1) % TileParts == 0 || block == Blocks - 1;
}
