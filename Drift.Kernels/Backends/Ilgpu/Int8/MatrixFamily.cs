using ILGPU;
using ILGPU.Runtime;

namespace Drift.Kernels.Ilgpu;

/// <summary>Products by <see cref="MatrixKernel"/>: for NVIDIA GPUs with <see cref="TensorCores"/>.</summary>
internal sealed class MatrixFamily(Accelerator accelerator) : DigitFamily(accelerator)
{
    private readonly int _multiprocessors = accelerator.NumMultiprocessors;

    private readonly Action<KernelConfig, ArrayView<int>, ArrayView<int>, LineViews, ArrayView<int>, ArrayView<int>, SumViews, GemmExtents> _tall =
        accelerator.LoadStreamKernel<ArrayView<int>, ArrayView<int>, LineViews, ArrayView<int>, ArrayView<int>, SumViews, GemmExtents>(MatrixKernel.Run<Rows256>, Groups<Rows256>());

    private readonly Action<KernelConfig, ArrayView<int>, ArrayView<int>, LineViews, ArrayView<int>, ArrayView<int>, SumViews, GemmExtents> _square =
        accelerator.LoadStreamKernel<ArrayView<int>, ArrayView<int>, LineViews, ArrayView<int>, ArrayView<int>, SumViews, GemmExtents>(MatrixKernel.Run<Rows128>, Groups<Rows128>());

    // fp16 is not what most runs multiply.
    private readonly Lazy<Action<KernelConfig, ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<int>, GemmExtents>> _half = new(() =>
        accelerator.LoadStreamKernel<ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<int>, GemmExtents>(MatrixKernel.RunHalf<Rows128>, Groups<Rows128>()));

    /// <summary>What the assembler is told: how many registers a thread may take follows.</summary>
    public static KernelSpecialization Groups<TRows>()
        where TRows : struct, IMatrixRows => new(TRows.Rows, TRows.Resident);

    /// <inheritdoc/>
    public override string Name => KernelFamilies.Matrix;

    /// <inheritdoc/>
    public override int WordUnit => MatrixBlocks.SliceWords;

    /// <inheritdoc/>
    public override void MultiplyHalf(ArrayView<int> a, ArrayView<int> w, ArrayView<int> plan, ArrayView<int> c, GemmExtents e) =>
        _half.Value(new KernelConfig(MatrixBlocks.Groups(e, Rows128.Rows), Rows128.Rows), a, w, plan, c, e);

    /// <inheritdoc/>
    protected override void Launch(ProductLaunch launch, LineViews lines)
    {
        // One tall block a multiprocessor where one wave of them takes everything and square ones would share some multiprocessors; square ones elsewhere (measured, docs/gpu.md).
        var e = launch.Extents;
        var tall = MatrixBlocks.Groups(e, Rows256.Rows) <= _multiprocessors && MatrixBlocks.Groups(e, Rows128.Rows) > _multiprocessors;
        var rows = tall ? Rows256.Rows : Rows128.Rows;
        (tall ? _tall : _square)(new KernelConfig(MatrixBlocks.Groups(e, rows), rows), launch.A, launch.Weights.Words, lines, launch.Plan, launch.C, launch.Sums, e);
    }
}
