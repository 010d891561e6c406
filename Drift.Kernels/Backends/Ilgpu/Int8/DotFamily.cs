using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace Drift.Kernels.Ilgpu;

/// <summary>Products by <see cref="DotBlockKernel"/>: for NVIDIA GPUs from sm_61 to sm_75. Weights and expected sums are <see cref="DirectFamily"/>'s: pairs, which hold the sums of a tile's lines.</summary>
/// <param name="accelerator">The device.</param>
/// <param name="direct">Lays out weights and multiplies what is summed. Not its own.</param>
/// <param name="group">Work items of a group that interleaves.</param>
internal sealed class DotFamily<TSize>(Accelerator accelerator, DirectFamily direct, int group) : KernelFamily
    where TSize : struct, IBlockSize
{
    private readonly Action<KernelConfig, ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<int>, GemmExtents> _multiply =
        accelerator.LoadStreamKernel<ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<int>, GemmExtents>(
            DotBlockKernel.Run<TSize>, accelerator is CudaAccelerator ? Groups : default);

    private readonly Action<Index1D, ArrayView<int>, ArrayView<int>, int> _interleave =
        accelerator.LoadImplicitlyGroupedStreamKernel<Index1D, ArrayView<int>, ArrayView<int>, int>(DotBlockKernel.Interleave, group);

    private readonly DeviceBuffer _lines = new(accelerator);

    /// <summary>What the assembler is told: two groups a multiprocessor.</summary>
    public static KernelSpecialization Groups => new(Threads, 2);

    /// <inheritdoc/>
    public override string Name => KernelFamilies.Dot;

    /// <inheritdoc/>
    public override int RowUnit => TSize.Edge;

    /// <inheritdoc/>
    public override int ColumnUnit => TSize.Edge;

    /// <inheritdoc/>
    public override int WordUnit => TSize.Edge / 16;

    private static int Threads => TSize.Edge / DirectTile.Rows * (TSize.Edge / DirectTile.Columns);

    /// <inheritdoc/>
    public override bool Suits(int tile) => true;

    /// <inheritdoc/>
    public override OperandLayout WeightLayout(int n, int words) => direct.WeightLayout(n, words);

    /// <inheritdoc/>
    public override int LinesLength(int tiles, int words) => direct.LinesLength(tiles, words);

    /// <inheritdoc/>
    public override void Encode(IlgpuWeights weights) => direct.Encode(weights);

    /// <inheritdoc/>
    public override void Multiply(ProductLaunch launch)
    {
        var e = launch.Extents;
        if (e.Tile > 0)
            direct.Expect(launch);
        var lines = _lines.Take(checked(e.PaddedRows * e.Words));
        _interleave(FlatIndex.Count(e.Words, e.PaddedRows), launch.A, lines, e.Words);
        _multiply(
            new KernelConfig(e.Stride / TSize.Edge * (e.PaddedRows / TSize.Edge), Threads),
            lines, launch.Weights.Words, launch.Plan, launch.C, launch.Sums.ObservedRows, launch.Sums.ObservedColumns, e);
    }

    /// <inheritdoc/>
    public override void Dispose() => _lines.Dispose();
}
