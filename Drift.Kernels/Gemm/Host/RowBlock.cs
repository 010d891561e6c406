namespace Drift.Kernels;

/// <summary>Some rows of A, and where their part of the product goes. Strides are in bytes.</summary>
internal unsafe struct RowBlock
{
    /// <summary>First row of A: whole groups of K, in the kernel's form.</summary>
    public void* A;

    /// <summary>Bytes between rows of A. No multiple of 4096 where it can be helped: such rows share one set of the first-level cache.</summary>
    public nint AStride;

    /// <summary>Rows.</summary>
    public int Rows;

    /// <summary>First row of C, from column 0.</summary>
    public void* C;

    /// <summary>Bytes between rows of C.</summary>
    public nint CStride;

    /// <summary>Whether C is added to, rather than begun.</summary>
    public bool Accumulate;

    /// <summary>One value a column, from column 0, added after the sums; null for none. Floats only.</summary>
    public float* Bias;

    /// <summary>Edge of a checksum tile: the first row begins one, and register tiles do not reach across its border. 0 for no sums.</summary>
    public int Tile;

    /// <summary>With a tile: 16 lanes a row, to which the panel is added.</summary>
    public void* RowLanes;

    /// <summary>With a tile: for each tile of the block a sum a column of the panel, to which the rows are added; whole vectors.</summary>
    public void* ColumnSums;

    /// <summary>Bytes between the column sums of two tiles.</summary>
    public nint ColumnSumStride;
}
