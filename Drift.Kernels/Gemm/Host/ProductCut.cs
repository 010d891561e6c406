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

    // Packing a row takes about as long as multiplying it by half a panel: with fewer for each further thread, packing all rows once more costs more than it brings. Where rows are
    // too few for a block each, packing them together costs more yet: each thread waits for the other.
    private const int LeastPanelsCopied = 24;

    // What is still to be had when a thread is through with its own is so much of a panel.
    private const int LastPieces = 4;

    private readonly int _rows, _unit, _tile, _panels, _threads, _pieces;

    /// <summary>Cuts a product.</summary>
    /// <param name="rows">Rows of C, at least 1.</param>
    /// <param name="tile">Edge of a tile; 0 for no checks.</param>
    /// <param name="call">Rows of the micro-kernel.</param>
    /// <param name="stride">Bytes between packed rows.</param>
    /// <param name="panels">Panels that each row meets.</param>
    /// <param name="threads">Threads, at least 1.</param>
    /// <param name="copies">Whether rows are packed at so little cost that each thread may pack all of them.</param>
    public ProductCut(int rows, int tile, int call, nint stride, int panels, int threads, bool copies)
    {
        var fitting = Math.Max(call, (int)(CacheSizes.BlockBytes / stride));
        (_rows, _unit, TileParts, _tile, _panels, _threads, _pieces) = (rows, tile == 0 ? 1 : tile, 1, tile, panels, threads, 1);
        IsCopied = copies && threads > 1 && panels >= (rows < LeastRowsPerThread * threads ? threads : LeastPanelsCopied * (threads - 1)) && rows + (tile == 0 ? 0 : Digits.Count * Units) <= fitting;
        if (IsCopied)
        {
            PackRows = tile == 0 ? FaultPlan.Block : Math.Min(tile, rows);
            while (Units < LastPieces && _unit >= LeastRowsCut && _unit % 2 == 0)
                _unit /= 2;
            _pieces = _unit == tile || tile == 0 ? Math.Min(LastPieces, Units) : Units;
            (Blocks, Owners, PackParts, ColumnParts) = (1, 1, 1, panels + threads * (_pieces - 1));
            BlockRows = TurnRows = Units * _unit;
            return;
        }

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

    /// <summary>Threads that are of use: each has a block of rows, or panels.</summary>
    /// <param name="rows">Rows of C, at least 1.</param>
    /// <param name="panels">Panels that each row meets.</param>
    public static int MostThreads(int rows, int panels) => Math.Max(panels, rows / LeastRowsPerThread);

    /// <summary>Blocks of rows.</summary>
    public int Blocks { get; }

    /// <summary>Blocks that are packed at a time: as many as threads, or fewer, with several threads each.</summary>
    public int Owners { get; }

    /// <summary>Whether several threads begin with one block.</summary>
    public bool IsShared { get; }

    /// <summary>Whether there is one block, which every thread packs for itself: the panels are shared out, so that each comes to one core only.</summary>
    public bool IsCopied { get; }

    /// <summary>Shares of panels whose rows go on with a tile that another share begins.</summary>
    public int SharedParts => IsCopied && _unit < _tile ? _threads * _pieces : 0;

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

    /// <summary>What a share of a block's panels is. Where each thread has all rows, its range of panels ends with one that is cut into pieces of the rows, so that nobody waits for long in the end.</summary>
    /// <param name="block">Block, from 0.</param>
    /// <param name="share">Which of the shares.</param>
    public PanelShare Share(int block, int share)
    {
        if (!IsCopied)
        {
            var end = (int)((long)_panels * (share + 1) / ColumnParts);
            return new((int)((long)_panels * share / ColumnParts), end, ColumnParts == _panels && end < _panels ? end : 0, Top(block), Top(block + 1), -1);
        }

        var thread = _threads - 1;
        while (First(thread, ColumnParts) > share)
            thread--;
        var (last, piece) = (First(thread + 1, _panels) - 1, share - First(thread + 1, ColumnParts) + _pieces);
        if (piece < 0)
            return new(last + piece, last + piece + 1, last + piece + 1, 0, _rows, -1);
        var top = Piece(piece);
        return new(last, last + 1, 0, top, Piece(piece + 1), _unit < _tile && top % _tile != 0 ? thread * _pieces + piece : -1);
    }

    /// <summary>Whether a block has the last rows of its last tile, which check rows follow.</summary>
    /// <param name="block">Block, from 0.</param>
    public bool EndsTile(int block) => (block + 1) % TileParts == 0 || block == Blocks - 1;

    /// <summary>The first of a thread's range of all panels, or shares.</summary>
    private int First(int thread, int all) => (int)((long)all * thread / _threads);

    private int Piece(int piece) => Math.Min(_rows, (int)((long)Units * piece / _pieces) * _unit);
}
