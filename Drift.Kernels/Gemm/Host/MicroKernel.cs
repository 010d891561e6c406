namespace Drift.Kernels;

/// <summary>
/// The innermost product: a tile of accumulators stays in registers while K runs, in groups of 4 bytes a line. Every kernel of a type gives the same bits: integers are exact modulo
/// 2^32, and a float output is one chain of fused multiply-adds over K. Safe for use by several threads at once.
/// </summary>
internal abstract unsafe class MicroKernel : IDisposable
{
    /// <summary>Name in the dispatch table.</summary>
    public abstract string Name { get; }

    /// <summary>Most rows of a call.</summary>
    public abstract int Rows { get; }

    /// <summary>Columns of a full panel: a multiple of 16.</summary>
    public abstract int Columns { get; }

    /// <summary>Columns of the narrowest last panel; divides <see cref="Columns"/>.</summary>
    public abstract int NarrowColumns { get; }

    /// <summary>Most columns of a last panel of digits along whose vectors K runs (<see cref="RunAlong"/>); 0 where there is no such panel.</summary>
    public virtual int MostAlong => 0;

    /// <summary>Values of K in a group.</summary>
    public abstract int Depth { get; }

    /// <summary>Bytes of a group in a row of A.</summary>
    public abstract int RowGroupBytes { get; }

    /// <summary>Whether a call may end with a checksum tile's check rows; where not, they need a call of their own.</summary>
    public virtual bool TakesCheckRows => false;

    /// <summary>Whether a call may have rows of two checksum tiles.</summary>
    public virtual bool CrossesTiles => false;

    /// <summary>Whether rows of A may stand in pairs (<see cref="TileCall.PairStride"/>), and <see cref="RunPairs"/> multiplies them.</summary>
    public virtual bool TakesPairs => false;

    /// <summary>Runs a tile.</summary>
    /// <param name="call">The operands.</param>
    /// <param name="rows">Rows, 1..<see cref="Rows"/>.</param>
    /// <param name="vectors">Vectors of 16 columns: those of the panel, or fewer where the rest does not exist.</param>
    /// <param name="sums">Whether the accumulators are added to the call's line sums.</param>
    /// <param name="check">Whether the last rows are check rows: only where this kernel <see cref="TakesCheckRows"/>.</param>
    /// <param name="above">With sums: rows that end a checksum tile, where those after them begin the next one; 0 where all are of one. Only where this kernel <see cref="CrossesTiles"/>.</param>
    public abstract void Run(TileCall* call, int rows, int vectors, bool sums, bool check, int above = 0);

    /// <summary>Runs a tile of a panel of digits along whose vectors K runs, and puts them together where they are pairs.</summary>
    /// <param name="call">The operands: groups are vectors of K, of which the panel has one a column after the other; sums start from <see cref="TileCall.Start"/>.</param>
    /// <param name="rows">Rows, 1..<see cref="MicroTile.RowsAlong"/>.</param>
    /// <param name="columns">Columns of the panel: an even number up to <see cref="MostAlong"/>, or up to <see cref="MicroTile.Lanes"/> apart.</param>
    /// <param name="flips">Whether the sign bits of A's bytes are flipped in their place before they are multiplied: at most <see cref="ActivationRows.Together"/> rows, <see cref="MicroTile.MostFlipping"/> columns, in pairs.</param>
    /// <param name="apart">Whether each column has a sum of its own.</param>
    public virtual void RunAlong(TileCall* call, int rows, int columns, bool flips, bool apart) => throw new NotSupportedException($"{Name} has no panel along K");

    /// <summary>Runs rows in pairs times few columns, both rows of a pair in one vector.</summary>
    /// <param name="call">The operands: groups of the panel are vectors that have each of up to 8 columns twice. There is no bias, and no row of another place.</param>
    /// <param name="rows">Rows, 1..<see cref="MicroTile.MostPairedRows"/>, from an even one on.</param>
    /// <exception cref="NotSupportedException">The kernel takes no pairs.</exception>
    public virtual void RunPairs(TileCall* call, int rows) => throw new NotSupportedException($"{Name} takes no pairs of rows");

    /// <summary>Frees generated code, if any.</summary>
    public virtual void Dispose()
    {
    }
}
