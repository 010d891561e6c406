namespace Drift.Kernels;

/// <summary>
/// A micro-kernel of the host product: a tile of at most <see cref="Rows"/> x <see cref="Columns"/> accumulators stays in registers while K runs.
/// K is cut into groups of <see cref="Depth"/> values that one dot instruction takes as a 32-bit lane. Every entry gives the same bits.
/// </summary>
internal abstract unsafe class Int8Kernel : IDisposable
{
    /// <summary>Name in the dispatch table.</summary>
    public abstract string Name { get; }

    /// <summary>Most rows of a call.</summary>
    public abstract int Rows { get; }

    /// <summary>Columns of a full panel.</summary>
    public abstract int Columns { get; }

    /// <summary>Columns of the narrowest last panel; divides <see cref="Columns"/>.</summary>
    public abstract int NarrowColumns { get; }

    /// <summary>Values of K in a group.</summary>
    public abstract int Depth { get; }

    /// <summary>Bytes of a group in one column of a packed panel.</summary>
    public const int GroupBytes = sizeof(int);

    /// <summary>Packs a group of one column: at most <see cref="Depth"/> weights, missing ones zero.</summary>
    public abstract int PackGroup(ReadOnlySpan<sbyte> weights);

    /// <summary>What every accumulator of a column starts from, given the sum of the column's weights.</summary>
    public abstract int InitialValue(int weightSum);

    /// <summary>
    /// C [rows, columns] = start + A [rows, groups x depth] x panel. Reads whole groups of A: the caller pads rows to a multiple of the depth (the padding meets
    /// zero weights, so its value does not matter).
    /// </summary>
    /// <param name="a">First row of A.</param>
    /// <param name="aStride">Bytes between rows of A.</param>
    /// <param name="panel">Packed groups, [groups][columns].</param>
    /// <param name="columns">Width of the panel: <see cref="Columns"/> or <see cref="NarrowColumns"/>.</param>
    /// <param name="groups">Groups of K.</param>
    /// <param name="start">Row of starting values.</param>
    /// <param name="startStride">Values between rows of starting values; 0 uses one row for all.</param>
    /// <param name="c">First row of C.</param>
    /// <param name="cStride">Values between rows of C.</param>
    /// <param name="rows">Rows, 1..<see cref="Rows"/>.</param>
    public abstract void Run(sbyte* a, nint aStride, int* panel, int columns, int groups, int* start, nint startStride, int* c, nint cStride, int rows);

    /// <summary>Frees generated code, if any.</summary>
    public virtual void Dispose()
    {
    }
}
