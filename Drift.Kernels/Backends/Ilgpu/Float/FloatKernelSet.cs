using ILGPU;
using ILGPU.Runtime;

namespace Drift.Kernels.Ilgpu;

/// <summary>The kernels that fp32 products on a device are made of.</summary>
internal sealed class FloatKernelSet(Accelerator accelerator, int group)
{
    private readonly Action<KernelConfig, ArrayView<float>, ArrayView<float>, int, int, int, int> _transpose =
        accelerator.LoadStreamKernel<ArrayView<float>, ArrayView<float>, int, int, int, int>(FloatTransposeKernel.Run);

    private readonly Action<KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, SummedExtents> _transposeAndSum =
        accelerator.LoadStreamKernel<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, SummedExtents>(FloatTransposeKernel.RunAndSum);

    private readonly Action<Index1D, ArrayView<float>, ArrayView<float>, int, int, int, int> _interleave =
        accelerator.LoadImplicitlyGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>, int, int, int, int>(FloatLineKernels.Interleave, group);

    private readonly Action<Index2D, ArrayView<float>, ArrayView<float>, int, int, int, int, int> _encode =
        accelerator.LoadImplicitlyGroupedStreamKernel<Index2D, ArrayView<float>, ArrayView<float>, int, int, int, int, int>(FloatLineKernels.Encode, group);

    /// <summary><see cref="WindowKernels.Values"/>.</summary>
    public Action<Index1D, ArrayView<float>, ArrayView<float>, WindowExtents> Windows { get; } =
        accelerator.LoadImplicitlyGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>, WindowExtents>(WindowKernels.Values, group);

    /// <summary><see cref="WindowKernels.Lines"/>.</summary>
    public Action<Index1D, ArrayView<float>, ArrayView<float>, int, int, WindowExtents> WindowLines { get; } =
        accelerator.LoadImplicitlyGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>, int, int, WindowExtents>(WindowKernels.Lines, group);

    /// <summary><see cref="FloatLineKernels.Lay"/>.</summary>
    public Action<Index2D, ArrayView<float>, ArrayView<float>, ArrayView<float>, int, int, int, int> Lay { get; } =
        accelerator.LoadImplicitlyGroupedStreamKernel<Index2D, ArrayView<float>, ArrayView<float>, ArrayView<float>, int, int, int, int>(FloatLineKernels.Lay, group);

    /// <summary><see cref="FloatLineKernels.Gather"/>.</summary>
    public Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, GatherExtents> Gather { get; } =
        accelerator.LoadImplicitlyGroupedStreamKernel<
            Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, GatherExtents>(FloatLineKernels.Gather, group);

    /// <summary><see cref="FloatLineKernels.GatherLong"/>.</summary>
    public Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, GatherExtents> GatherLong { get; } =
        accelerator.LoadImplicitlyGroupedStreamKernel<
            Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, GatherExtents>(FloatLineKernels.GatherLong, group);

    /// <summary>Interleaves lines by whichever kernel suits: <see cref="FloatLineKernels.Interleave"/> or <see cref="FloatTransposeKernel"/>.</summary>
    /// <param name="source">Lines [lines, K].</param>
    /// <param name="target">Takes them.</param>
    /// <param name="lines">Lines that there are.</param>
    /// <param name="padded">Lines with padding, whole groups.</param>
    /// <param name="group">Lines of a group.</param>
    /// <param name="k">K.</param>
    /// <param name="depth">K with padding.</param>
    public void Interleave(ArrayView<float> source, ArrayView<float> target, int lines, int padded, int group, int k, int depth)
    {
        if (group % FloatTransposeKernel.Edge == 0)
            _transpose(new KernelConfig(new Index2D(padded / FloatTransposeKernel.Edge, IlgpuWeights.TilesIn(depth, FloatTransposeKernel.Edge)), new Index2D(FloatTransposeKernel.Threads, 1)), source, target, lines, group, k, depth);
        else
            _interleave(FlatIndex.Count(depth, padded), source, target, lines, group, k, depth);
    }

    /// <summary>Interleaves lines and sums those of each tile, in one pass where <see cref="FloatTransposeKernel"/> can.</summary>
    /// <param name="source">Lines [lines, K].</param>
    /// <param name="target">Takes them, and behind them their sums.</param>
    /// <param name="s">Extents.</param>
    /// <param name="cleared">Is set to zero in passing; default for nothing.</param>
    public void InterleaveAndEncode(ArrayView<float> source, ArrayView<float> target, SummedExtents s, ArrayView<float> cleared = default)
    {
        var sums = target.SubView(s.Padded * s.Depth, s.SumLines * s.Depth);
        if (accelerator.MaxNumThreadsPerGroup >= FloatTransposeKernel.SummingThreads && FloatTransposeKernel.Sums(s.Group, s.Tile))
        {
            var squares = new Index2D(IlgpuWeights.TilesIn(s.Padded, FloatTransposeKernel.Summed), IlgpuWeights.TilesIn(s.Depth, FloatTransposeKernel.Edge));
            _transposeAndSum(new KernelConfig(squares, new Index2D(FloatTransposeKernel.SummingThreads, 1)), source, target, sums, cleared.IsValid ? cleared : sums.SubView(0, 0), s);
            return;
        }

        if (cleared.Length > 0)
            cleared.MemSetToZero();
        Interleave(source, target, s.Lines, s.Padded, s.Group, s.K, s.Depth);
        _encode(new Index2D(s.Depth, s.SumLines), source, sums, s.Lines, s.SumGroup, s.K, s.Depth, s.Tile);
    }
}
