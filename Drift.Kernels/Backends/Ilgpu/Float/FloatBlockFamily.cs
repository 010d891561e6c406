using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;
using BlockLaunch = System.Action<
    ILGPU.KernelConfig, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>, ILGPU.ArrayView<int>, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>,
    Drift.Kernels.Ilgpu.SharedBlocks, Drift.Kernels.Ilgpu.FloatExtents, Drift.Kernels.Ilgpu.BlockOrder>;

namespace Drift.Kernels.Ilgpu;

/// <summary>fp32 products by <see cref="FloatBlockKernel"/>: for GPUs, whose shared memory is faster than their caches.</summary>
/// <param name="accelerator">The device.</param>
/// <param name="smaller">The form for products whose blocks would leave most multiprocessors idle; null for this one always.</param>
internal sealed class FloatBlockFamily<TSize>(Accelerator accelerator, FloatFamily? smaller = null) : FloatFamily
    where TSize : struct, IBlockSize
{
    private readonly BlockLaunch _kernel =
        accelerator.LoadStreamKernel<ArrayView<float>, ArrayView<float>, ArrayView<int>, ArrayView<float>, ArrayView<float>, ArrayView<float>, SharedBlocks, FloatExtents, BlockOrder>(
            Shares(accelerator) ? FloatBlockKernel.Run<TSize, CutBlocks> : FloatBlockKernel.Run<TSize, UncutBlocks>, accelerator is CudaAccelerator ? Groups : default);

    private readonly DeviceBuffer _sums = new(accelerator), _left = new(accelerator);
    private int _groups;

    /// <summary>Threads of a group.</summary>
    public static int Threads => TSize.Edge / FloatSquare.Edge * (TSize.Edge / FloatSquare.Edge);

    /// <summary>What the assembler is told: how many groups a multiprocessor is to hold at once, from which follows how many registers a thread may take.</summary>
    public static KernelSpecialization Groups => new(Threads, 2);

    /// <inheritdoc/>
    public override string Name => $"block {TSize.Edge}";

    /// <inheritdoc/>
    public override int RowGroup => TSize.Edge;

    /// <inheritdoc/>
    public override int ColumnGroup => TSize.Edge;

    /// <inheritdoc/>
    public override int RowLineGroup(int lines) => BlockOrder.LineGroup(lines, TSize.Edge);

    /// <inheritdoc/>
    public override int ColumnLineGroup(int lines) => BlockOrder.LineGroup(lines, TSize.Edge);

    /// <inheritdoc/>
    public override int DepthUnit => TSize.Edge / 16;

    /// <inheritdoc/>
    public override bool LongItems => false;

    /// <inheritdoc/>
    public override int PartColumns => FloatSquare.Half;

    /// <inheritdoc/>
    public override int PartRows => FloatSquare.Edge;

    /// <inheritdoc/>
    public override bool Sums(int tile) => FloatBlockEpilogue.Holds(TSize.Edge, tile);

    /// <inheritdoc/>
    public override FloatFamily For(GemmShape shape) => smaller is not null && BlockOrder.AreFew(shape, TSize.Edge, accelerator.NumMultiprocessors) ? smaller.For(shape) : this;

    /// <inheritdoc/>
    public override void Multiply(FloatLaunch launch, int rows)
    {
        var order = BlockOrder.Of(launch.Extents, rows, TSize.Edge, accelerator.NumMultiprocessors, Shares(accelerator));
        _kernel(new KernelConfig(order.Groups, Threads), launch.A, launch.W, launch.Plan, launch.C, launch.RowSums, launch.ColumnSums, Between(order.Share > 0 ? order.Groups : 1), launch.Extents, order);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _sums.Dispose();
        _left.Dispose();
        smaller?.Dispose();
    }

    /// <summary>Whether groups may wait for each other: CUDA begins them in their order, and all of these at once; OpenCL promises neither.</summary>
    private static bool Shares(Accelerator accelerator) => accelerator is not CLAccelerator;

    /// <summary>Memory for what groups leave each other; nothing is left at first, nor after a launch.</summary>
    private SharedBlocks Between(int groups)
    {
        var left = _left.Take(groups);
        if (groups > _groups)
        {
            left.MemSetToZero();
            _groups = groups;
        }

        return new(_sums.Take(checked(groups * Threads * SharedBlocks.Values)).Cast<float>(), left);
    }
}
