namespace Drift.Kernels.Ilgpu;

/// <summary>How many lines of either operand a group of <see cref="WarpGroupKernel"/> takes. Constants that the compiler folds: a size is a loop of its own.</summary>
internal interface IWarpGroupLines
{
    /// <summary>Lines of the top operand, half of them a warp group's.</summary>
    static abstract int Top { get; }

    /// <summary>Lines of the left one, which both warp groups take.</summary>
    static abstract int Left { get; }
}

/// <summary>The product's own.</summary>
internal readonly struct WideLines : IWarpGroupLines
{
    /// <inheritdoc/>
    public static int Top => WarpGroupKernel.Edge;

    /// <inheritdoc/>
    public static int Left => WarpGroupKernel.Edge;
}

/// <summary>Digit lines at the left, which are few: half a block of them would be padding.</summary>
internal readonly struct NarrowLines : IWarpGroupLines
{
    /// <inheritdoc/>
    public static int Top => WarpGroupKernel.Edge;

    /// <inheritdoc/>
    public static int Left => MatrixBlocks.LineColumns;
}

/// <summary>Fewer digit lines and more of what they are multiplied with: half as many groups.</summary>
internal readonly struct TallLines : IWarpGroupLines
{
    /// <inheritdoc/>
    public static int Top => 2 * WarpGroupKernel.Edge;

    /// <inheritdoc/>
    public static int Left => MatrixBlocks.LineColumns / 2;
}
