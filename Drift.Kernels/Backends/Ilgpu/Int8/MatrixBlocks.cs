namespace Drift.Kernels.Ilgpu;

/// <summary>How many rows a group of <see cref="MatrixKernel"/> takes. A constant that the compiler folds: a size is a kernel of its own.</summary>
internal interface IMatrixRows
{
    /// <summary>Rows of the block and threads of the group: 128 or 256.</summary>
    static abstract int Rows { get; }

    /// <summary>Groups that a multiprocessor is to hold at once.</summary>
    static abstract int Resident { get; }
}

/// <summary>Four warps: two groups a multiprocessor, one of which computes while the other waits.</summary>
internal readonly struct Rows128 : IMatrixRows
{
    /// <inheritdoc/>
    public static int Rows => 128;

    /// <inheritdoc/>
    public static int Resident => 2;
}

/// <summary>Eight warps: a quarter less to copy for each multiply-add.</summary>
internal readonly struct Rows256 : IMatrixRows
{
    /// <inheritdoc/>
    public static int Rows => 256;

    /// <inheritdoc/>
    public static int Resident => 1;
}

/// <summary>How many columns a warp takes; two warps stand beside each other. A constant, as <see cref="IMatrixRows"/>.</summary>
internal interface IMatrixShare
{
    /// <summary>Columns: 64 or 32.</summary>
    static abstract int Columns { get; }
}

/// <summary>The product's own share.</summary>
internal readonly struct WideShare : IMatrixShare
{
    /// <inheritdoc/>
    public static int Columns => MatrixBlocks.Columns / 2;
}

/// <summary>A share of summed lines, which are few: half a block of them would be padding.</summary>
internal readonly struct NarrowShare : IMatrixShare
{
    /// <inheritdoc/>
    public static int Columns => MatrixBlocks.LineColumns / 2;
}

/// <summary>A lane's accumulators of a warp's 64 x 64.</summary>
/// <param name="near">Of the first 32 columns.</param>
/// <param name="far">Of the other 32; zero in a narrow share.</param>
internal readonly struct WarpShare(RegisterTile near, RegisterTile far)
{
    public readonly RegisterTile Near = near, Far = far;
}

/// <summary>Where a lane works.</summary>
/// <param name="Row">The block's first row.</param>
/// <param name="Column">The block's first column.</param>
/// <param name="Warp">The warp: 64 rows each two, 64 columns each.</param>
/// <param name="Lane">The lane.</param>
internal readonly record struct MatrixPlace(int Row, int Column, int Warp, int Lane);

/// <summary>What all groups of <see cref="MatrixKernel"/> have in common.</summary>
internal static class MatrixBlocks
{
    /// <summary>Words of a slice of an operand along k: 64 values.</summary>
    public const int SliceWords = 16;

    /// <summary>Columns of a group's block.</summary>
    public const int Columns = 128;

    /// <summary>Digit lines of a group's block.</summary>
    public const int LineColumns = 64;

    /// <summary>A is padded to whole blocks of either size.</summary>
    public const int MostRows = 256;

    /// <summary>Blocks of columns that an operand's digit lines take.</summary>
    public static int LineBlocks(int extent, int tile) => tile == 0 ? 0 : DigitLines.Rows(IlgpuWeights.TilesIn(extent, tile)) / LineColumns;

    /// <summary>Groups of a launch in which the expected sums have blocks of their own.</summary>
    public static int Groups(GemmExtents e, int rows) => Groups(e, rows, LineBlocks(e.Columns, e.Tile));

    /// <summary>Groups of a launch.</summary>
    /// <param name="e">Extents.</param>
    /// <param name="rows">Rows of a block.</param>
    /// <param name="lineBlocks">As <see cref="MatrixBlock.Of"/> has it.</param>
    public static int Groups(GemmExtents e, int rows, int lineBlocks)
    {
        var down = IlgpuWeights.TilesIn(e.Rows, rows);
        return down * (e.Stride / Columns + lineBlocks) + (e.Stride + rows - 1) / rows * LineBlocks(e.Rows, e.Tile);
    }
}
