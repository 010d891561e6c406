namespace Drift.Kernels.Ilgpu;

/// <summary>Which blocks a launch of <see cref="WarpGroupKernel"/> consists of.</summary>
/// <param name="Groups">Groups.</param>
/// <param name="IsChecked">Whether expected row sums come of the product's own blocks (<see cref="WarpGroupKernel.RunChecked"/>); else of blocks of their own, or nobody wants sums.</param>
/// <param name="Steps">Of the tiles.</param>
internal readonly record struct WarpGroupLaunch(int Groups, bool IsChecked, TileSteps Steps)
{
    // Waves from which on one more costs less than longer blocks do: at 4096^3, four, blocks of their own were faster by 5 and 7 % (measured on an H200, docs/gpu.md).
    private const int Many = 4;

    /// <summary>That of a product.</summary>
    /// <param name="e">Extents.</param>
    /// <param name="atOnce">Groups that the GPU holds at once: a wave.</param>
    public static WarpGroupLaunch Of(GemmExtents e, int atOnce)
    {
        int all = MatrixBlocks.Groups(e, WarpGroupKernel.Edge), product = OfProduct(e), waves = IlgpuWeights.TilesIn(product, atOnce);
        var steps = TileSteps.Of(e);
        // Blocks with digit lines beside them take 3 to 5 % longer (measured, docs/gpu.md): worth it where blocks of their own would begin another wave of few.
        if (!WarpGroupKernel.Checks(e.Tile) || waves >= Many || IlgpuWeights.TilesIn(all, atOnce) == waves)
            return new(all, false, steps);

        // Tall blocks where they are fewer and none reads past the lines of W.
        int narrow = MatrixBlocks.Groups(e, WarpGroupKernel.Edge, 0), tall = product + e.Stride / TallLines.Top * IlgpuWeights.TilesIn(steps.Down * 2, TallLines.Left);
        return e.Stride % TallLines.Top == 0 && tall < narrow ? new(tall, true, steps with { Tall = 1 }) : new(narrow, true, steps);
    }

    /// <summary>A group's block of the expected column sums, in tall ones.</summary>
    /// <param name="group">The group, of the whole launch.</param>
    /// <param name="e">Extents.</param>
    public static MatrixBlock Tall(int group, GemmExtents e) => MatrixBlock.OfColumnLines(group - OfProduct(e), TallLines.Top, TallLines.Left, e);

    private static int OfProduct(GemmExtents e) => IlgpuWeights.TilesIn(e.Rows, WarpGroupKernel.Edge) * (e.Stride / WarpGroupKernel.Edge);
}
