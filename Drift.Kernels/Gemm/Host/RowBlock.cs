namespace Drift.Kernels;

/// <summary>Some rows of A, and where their part of the product goes. Strides are in bytes.</summary>
internal unsafe struct RowBlock
{
    /// <summary>First row of A: whole groups of K, in the kernel's form.</summary>
    public void* A;

    /// <summary>Bytes between rows of A. No multiple of 4096 where it can be helped: such rows share one set of the first-level cache.</summary>
    public nint AStride;

    /// <summary>fp32: bytes between pairs of rows whose groups take turns, from an even row on; 0 where rows stand apart. Only where a kernel takes them; check rows stand apart.</summary>
    public nint PairStride;

    /// <summary>Rows.</summary>
    public int Rows;

    /// <summary>Whether A's rows are yet to be flipped, in whole cache lines: only where they meet a panel of digits along whose vectors K runs.</summary>
    public bool Flips;

    /// <summary>First row of C, from column 0.</summary>
    public void* C;

    /// <summary>Bytes between rows of C.</summary>
    public nint CStride;

    /// <summary>Where the panel starts that these rows meet next, which is asked for meanwhile; 0 for none.</summary>
    public int Next;

    /// <summary>The first group of K of that panel that they meet.</summary>
    public int NextGroup;

    /// <summary>Whether C is added to, rather than begun.</summary>
    public bool Accumulate;

    /// <summary>One value a column, from column 0, added after the sums; null for none. Floats only.</summary>
    public float* Bias;

    /// <summary>
    /// Edge of a checksum tile: the first row begins one, and register tiles reach across its border only where a kernel takes check rows. 0 for none.
    /// </summary>
    public int Tile;

    /// <summary>With a tile: check rows of each tile, the last one too; none is among <see cref="Rows"/>. All that the kernel's type has, or 0.</summary>
    public int CheckRows;

    /// <summary>With check rows: the first of them in A's form; those of all tiles follow one another.</summary>
    public void* CheckA;

    /// <summary>Bytes between check rows of A.</summary>
    public nint CheckAStride;

    /// <summary>With check rows: where the first of them goes, from column 0; those of all tiles follow one another.</summary>
    public void* Checks;

    /// <summary>Bytes between check rows.</summary>
    public nint ChecksStride;

    /// <summary>
    /// Where a kernel that takes check rows of INT8 puts digits together: with check rows, the first tile's column sums, of the panel's first column; without, the first row's sums, one a pair of
    /// the panel's columns. Null for nowhere: products of digits are stored like others.
    /// </summary>
    public void* Joined;

    /// <summary>Bytes between the joined sums of two tiles, or of two rows.</summary>
    public nint JoinedStride;

    /// <summary>Without check rows: joined sums that exist.</summary>
    public int JoinedColumns;

    /// <summary>With a tile: whether its lines are summed, once K is through.</summary>
    public bool Sums;

    /// <summary>Floats with sums: 16 lanes a row, to which the panel is added.</summary>
    public void* RowLanes;

    /// <summary>With sums: whether the row sums of INT8, or the lanes of floats, hold the panels before this one.</summary>
    public bool RowsBegun;

    /// <summary>With sums: what each row's sum over the panel is added to (INT8), or takes its folded lanes (floats; null where further panels of the tile follow).</summary>
    public void* RowSums;

    /// <summary>With sums of INT8: what the panel's columns count in row sums, in whole panels; null where each counts once.</summary>
    public int* RowWeights;

    /// <summary>Bytes between row sums.</summary>
    public nint RowSumStride;

    /// <summary>With sums: takes a sum a column of the panel that exists, of the first tile.</summary>
    public void* ColumnSums;

    /// <summary>Bytes between the column sums of two tiles.</summary>
    public nint ColumnSumStride;

    /// <summary>With sums: whether the first tile's column sums hold rows of it that came before these.</summary>
    public bool ColumnsBegun;
}
