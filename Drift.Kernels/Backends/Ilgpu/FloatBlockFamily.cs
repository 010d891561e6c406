using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using BlockLaunch = System.Action<
    ILGPU.KernelConfig, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>, ILGPU.ArrayView<int>, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>,
    Drift.Kernels.Ilgpu.FloatExtents, Drift.Kernels.Ilgpu.BlockOrder>;

namespace Drift.Kernels.Ilgpu;

/// <summary>fp32 products by <see cref="FloatBlockKernel"/>: for GPUs, whose shared memory is faster than their caches.</summary>
/// <param name="accelerator">The device.</param>
/// <param name="smaller">The form for products whose blocks would not fill the device; null for this one always.</param>
internal sealed class FloatBlockFamily<TSize>(Accelerator accelerator, FloatFamily? smaller = null) : FloatFamily
    where TSize : struct, IBlockSize
{
    private readonly BlockLaunch _kernel = Load<NoLines>(accelerator), _one = Load<OneLine>(accelerator), _two = Load<TwoLines>(accelerator), _four = Load<FourLines>(accelerator);

    /// <summary>Threads of a group.</summary>
    public static int Threads => TSize.Edge / FloatSquare.Edge * (TSize.Edge / FloatSquare.Edge);

    /// <summary>What the assembler is told: how many groups a multiprocessor is to hold at once, from which follows how many registers a thread may take. Small ones with lines beside take more of them.</summary>
    public static KernelSpecialization Groups<TLines>()
        where TLines : struct, IBlockLines => new(Threads, Threads == 64 && TLines.Count > 0 ? 6 : 512 / Threads);

    /// <inheritdoc/>
    public override string Name => $"block {TSize.Edge}";

    /// <inheritdoc/>
    public override int RowGroup => TSize.Edge;

    /// <inheritdoc/>
    public override int ColumnGroup => TSize.Edge;

    /// <inheritdoc/>
    public override int RowLineGroup(int lines, int tile) => BlockOrder.LineGroup(lines, TSize.Edge, tile);

    /// <inheritdoc/>
    public override int ColumnLineGroup(int lines, int tile) => BlockOrder.LineGroup(lines, TSize.Edge, tile);

    /// <inheritdoc/>
    public override int DepthUnit => TSize.Edge / 16;

    /// <inheritdoc/>
    public override bool LongItems => false;

    /// <inheritdoc/>
    public override int PartColumns => FloatSquare.Half;

    /// <inheritdoc/>
    public override int PartRows => FloatSquare.Edge;

    /// <inheritdoc/>
    public override FloatFamily For(GemmShape shape)
    {
        // Halves of such blocks leave half of the multiprocessors idle.
        var blocks = (long)IlgpuWeights.TilesIn(shape.M, TSize.Edge) * IlgpuWeights.TilesIn(shape.N, TSize.Edge);
        return smaller is not null && 4 * blocks < accelerator.NumMultiprocessors ? smaller : this;
    }

    /// <inheritdoc/>
    public override void Multiply(FloatLaunch launch, int rows)
    {
        var order = BlockOrder.Of(launch.Extents, rows, TSize.Edge, accelerator.NumMultiprocessors);
        var kernel = BlockOrder.Beside(TSize.Edge, launch.Extents.Tile) switch { 0 => _kernel, 1 => _one, 2 => _two, _ => _four };
        kernel(new KernelConfig(order.Count, Threads), launch.A, launch.W, launch.Plan, launch.C, launch.RowParts, launch.ColumnParts, launch.Extents, order);
    }

    private static BlockLaunch Load<TLines>(Accelerator accelerator)
        where TLines : struct, IBlockLines =>
        accelerator.LoadStreamKernel<ArrayView<float>, ArrayView<float>, ArrayView<int>, ArrayView<float>, ArrayView<float>, ArrayView<float>, FloatExtents, BlockOrder>(
            FloatBlockKernel.Run<TSize, TLines>, accelerator is CudaAccelerator ? Groups<TLines>() : default);
}
