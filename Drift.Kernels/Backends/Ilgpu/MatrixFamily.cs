using ILGPU;
using ILGPU.Runtime;

namespace Drift.Kernels.Ilgpu;

/// <summary>Products by <see cref="MatrixKernel"/>: for NVIDIA GPUs with <see cref="TensorCores"/>.</summary>
internal sealed class MatrixFamily(Accelerator accelerator) : KernelFamily
{
    private readonly Action<KernelConfig, ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<int>, GemmExtents> _kernel =
        accelerator.LoadStreamKernel<
            ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<int>, GemmExtents>(MatrixKernel.Run);

    /// <inheritdoc/>
    public override string Name => "matrix";

    /// <inheritdoc/>
    public override int RowUnit => MatrixKernel.Block;

    /// <inheritdoc/>
    public override int ColumnUnit => MatrixKernel.Block;

    /// <inheritdoc/>
    public override int WordUnit => MatrixKernel.SliceWords;

    /// <inheritdoc/>
    public override bool Suits(int tile) => tile % MatrixKernel.WarpColumns == 0;

    /// <inheritdoc/>
    public override OperandLayout WeightLayout(int n, int words, int stride) => new(n, words, 1, words);

    /// <inheritdoc/>
    public override void Multiply(ProductLaunch launch, int paddedRows)
    {
        var blocks = new Index2D(launch.Extents.Stride / MatrixKernel.Block, paddedRows / MatrixKernel.Block);
        _kernel(
            new KernelConfig(blocks, new Index2D(MatrixKernel.Threads, 1)),
            launch.A, launch.W, launch.Plan, launch.C, launch.RowSums, launch.ColumnSums, launch.Extents);
    }
}
