using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using BlockLaunch = System.Action<
    ILGPU.KernelConfig, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>, ILGPU.ArrayView<int>, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>,
    Drift.Kernels.Ilgpu.FloatExtents, Drift.Kernels.Ilgpu.BlockOrder>;

namespace Drift.Kernels.Ilgpu;

/// <summary>fp32 products by <see cref="FloatBlockKernel"/>: for GPUs, whose shared memory is faster than their caches.</summary>
internal sealed class FloatBlockFamily<TSize> : FloatFamily
    where TSize : struct, IBlockSize
{
    private readonly Accelerator _accelerator;
    private readonly BlockLaunch _kernel, _one, _two, _four;
    private readonly FloatFamily? _smaller;
    private readonly FloatBlockFamily<TSize>? _beside;

    /// <summary>Compiles them.</summary>
    /// <param name="accelerator">The device.</param>
    /// <param name="smaller">The form for products whose blocks would leave many multiprocessors idle; null for this one always.</param>
    public FloatBlockFamily(Accelerator accelerator, FloatFamily? smaller = null)
    {
        (_accelerator, _smaller) = (accelerator, smaller);
        (_kernel, _one, _two, _four) = (Load<NoLines>(accelerator), Load<OneLine>(accelerator), Load<TwoLines>(accelerator), Load<FourLines>(accelerator));
        _beside = new(this);
    }

    /// <summary>The same kernels, for products whose blocks multiply their own summed lines.</summary>
    private FloatBlockFamily(FloatBlockFamily<TSize> apart) =>
        (_accelerator, _kernel, _one, _two, _four) = (apart._accelerator, apart._kernel, apart._one, apart._two, apart._four);

    /// <summary>Threads of a group.</summary>
    public static int Threads => TSize.Edge / FloatSquare.Edge * (TSize.Edge / FloatSquare.Edge);

    /// <summary>What the assembler is told: how many groups a multiprocessor is to hold at once, from which follows how many registers a thread may take. Small ones with lines beside take more of them.</summary>
    public static KernelSpecialization Groups<TLines>()
        where TLines : struct, IBlockLines => new(Threads, Threads == 64 && TLines.Count > 0 ? 6 : Resident);

    /// <inheritdoc/>
    public override string Name => $"block {TSize.Edge}";

    /// <inheritdoc/>
    public override int RowGroup => TSize.Edge;

    /// <inheritdoc/>
    public override int ColumnGroup => TSize.Edge;

    /// <inheritdoc/>
    public override int RowLineGroup(int lines, int tile) => BlockOrder.LineGroup(lines, TSize.Edge, Beside(tile));

    /// <inheritdoc/>
    public override int ColumnLineGroup(int lines, int tile) => BlockOrder.LineGroup(lines, TSize.Edge, Beside(tile));

    /// <inheritdoc/>
    public override int DepthUnit => TSize.Edge / 16;

    /// <inheritdoc/>
    public override bool LongItems => false;

    /// <inheritdoc/>
    public override int PartColumns => FloatSquare.Half;

    /// <inheritdoc/>
    public override int PartRows => FloatSquare.Edge;

    // Groups without lines beside that a multiprocessor holds at once.
    private static int Resident => 512 / Threads;

    /// <inheritdoc/>
    public override FloatFamily For(GemmShape shape, int tile)
    {
        var multiprocessors = _accelerator.NumMultiprocessors;
        if (_smaller is not null && BlockOrder.AreFewer(shape, TSize.Edge, multiprocessors))
            return _smaller.For(shape, tile);
        return BlockOrder.IsBeside(shape, TSize.Edge, tile, multiprocessors, Resident * multiprocessors) ? _beside! : this;
    }

    /// <inheritdoc/>
    public override void Multiply(FloatLaunch launch, int rows)
    {
        var lines = Beside(launch.Extents.Tile);
        var order = BlockOrder.Of(launch.Extents, rows, TSize.Edge, lines, _accelerator.NumMultiprocessors);
        var kernel = lines switch { 0 => _kernel, 1 => _one, 2 => _two, _ => _four };
        kernel(new KernelConfig(order.Count, Threads), launch.A, launch.W, launch.Plan, launch.C, launch.RowParts, launch.ColumnParts, launch.Extents, order);
    }

    private static BlockLaunch Load<TLines>(Accelerator accelerator)
        where TLines : struct, IBlockLines =>
        accelerator.LoadStreamKernel<ArrayView<float>, ArrayView<float>, ArrayView<int>, ArrayView<float>, ArrayView<float>, ArrayView<float>, FloatExtents, BlockOrder>(
            FloatBlockKernel.Run<TSize, TLines>, accelerator is CudaAccelerator ? Groups<TLines>() : default);

    /// <summary>Summed lines of either operand that a block multiplies itself.</summary>
    private int Beside(int tile) => _beside is null ? BlockOrder.Beside(TSize.Edge, tile) : 0;
}
