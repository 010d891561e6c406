using ILGPU;
using ILGPU.Runtime;

namespace Drift.Kernels.Ilgpu;

/// <summary>Products by <see cref="DirectKernel"/>: for every device.</summary>
internal sealed class DirectFamily(Accelerator accelerator, int group) : KernelFamily
{
    private readonly Action<Index1D, ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<int>, GemmExtents> _kernel =
        accelerator.LoadImplicitlyGroupedStreamKernel<
            Index1D, ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<int>, GemmExtents>(DirectKernel.Run, group);

    /// <inheritdoc/>
    public override string Name => "direct";

    /// <inheritdoc/>
    public override int RowUnit => RegisterTile.Rows;

    /// <inheritdoc/>
    public override int ColumnUnit => RegisterTile.Columns;

    /// <inheritdoc/>
    public override int WordUnit => 1;

    /// <inheritdoc/>
    public override bool Suits(int tile) => true;

    /// <inheritdoc/>
    public override OperandLayout WeightLayout(int n, int words, int stride) => new(n, 1, stride, words);

    /// <inheritdoc/>
    public override void Multiply(ProductLaunch launch, int paddedRows) => _kernel(
        launch.Extents.Stride / RegisterTile.Columns * (paddedRows / RegisterTile.Rows),
        launch.A, launch.W, launch.Plan, launch.C, launch.RowSums, launch.ColumnSums, launch.Extents);
}
