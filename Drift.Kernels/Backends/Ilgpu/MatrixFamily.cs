using ILGPU;
using ILGPU.Runtime;

namespace Drift.Kernels.Ilgpu;

/// <summary>Products by <see cref="MatrixKernel"/>: for NVIDIA GPUs with <see cref="TensorCores"/>.</summary>
internal sealed class MatrixFamily(Accelerator accelerator, int group) : KernelFamily
{
    private readonly Action<KernelConfig, ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<int>, GemmExtents> _multiply =
        accelerator.LoadStreamKernel<
            ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<int>, GemmExtents>(MatrixKernel.Run);

    private readonly ExpectedSums _expected = new(accelerator, group);

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
    public override OperandLayout WeightLayout(int n, int words) => OperandLayout.RowMajor(n, words);

    /// <inheritdoc/>
    public override int LinesLength(int tiles, int words) => ExpectedSums.LinesLength(tiles, words);

    /// <inheritdoc/>
    public override void Encode(IlgpuWeights weights) => _expected.Encode(weights);

    /// <inheritdoc/>
    public override void Multiply(ProductLaunch launch)
    {
        var blocks = new Index2D(launch.Extents.Stride / MatrixKernel.Block, launch.Extents.PaddedRows / MatrixKernel.Block);
        _multiply(
            new KernelConfig(blocks, new Index2D(MatrixKernel.Threads, 1)),
            launch.A, launch.Weights.Words, launch.Plan, launch.C, launch.Sums.ObservedRows, launch.Sums.ObservedColumns, launch.Extents);
        if (launch.Extents.Tile > 0)
            _expected.Expect(launch);
    }

    /// <inheritdoc/>
    public override void Dispose() => _expected.Dispose();
}
