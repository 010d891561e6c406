using ILGPU;
using ILGPU.Runtime;

namespace Drift.Kernels.Ilgpu;

/// <summary>The kernels around a layer's product, compiled for a device.</summary>
internal sealed class LayerKernelSet(Accelerator accelerator, int group)
{
    /// <summary><see cref="QuantiseKernels.Measure"/>.</summary>
    public Action<Index1D, ArrayView<float>, ArrayView<int>, QuantiseExtents> Measure { get; } =
        accelerator.LoadImplicitlyGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<int>, QuantiseExtents>(QuantiseKernels.Measure, group);

    /// <summary><see cref="QuantiseKernels.Encode"/>.</summary>
    public Action<Index2D, ArrayView<float>, ArrayView<int>, ArrayView<int>, ArrayView<int>, QuantiseExtents> Encode { get; } =
        accelerator.LoadImplicitlyGroupedStreamKernel<Index2D, ArrayView<float>, ArrayView<int>, ArrayView<int>, ArrayView<int>, QuantiseExtents>(QuantiseKernels.Encode, group);

    /// <summary><see cref="WindowKernels.Measure"/>.</summary>
    public Action<Index1D, ArrayView<float>, ArrayView<int>, WindowExtents> MeasureWindows { get; } =
        accelerator.LoadImplicitlyGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<int>, WindowExtents>(WindowKernels.Measure, group);

    /// <summary><see cref="WindowKernels.Quantise"/>.</summary>
    public Action<Index1D, ArrayView<float>, ArrayView<int>, ArrayView<int>, int, int, WindowExtents> EncodeWindows { get; } =
        accelerator.LoadImplicitlyGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<int>, ArrayView<int>, int, int, WindowExtents>(WindowKernels.Quantise, group);

    /// <summary><see cref="OutputKernels.Leave"/>.</summary>
    public Action<Index1D, ArrayView<int>, ArrayView<int>, ArrayView<float>, ArrayView<float>, ArrayView<float>, int, float, OutputExtents> Leave { get; } =
        accelerator.LoadImplicitlyGroupedStreamKernel<
            Index1D, ArrayView<int>, ArrayView<int>, ArrayView<float>, ArrayView<float>, ArrayView<float>, int, float, OutputExtents>(OutputKernels.Leave, group);

    /// <summary><see cref="OutputKernels.Measure"/>.</summary>
    public Action<Index1D, ArrayView<int>, ArrayView<int>, ArrayView<float>, ArrayView<float>, ArrayView<int>, int, float, OutputExtents> MeasureOutput { get; } =
        accelerator.LoadImplicitlyGroupedStreamKernel<
            Index1D, ArrayView<int>, ArrayView<int>, ArrayView<float>, ArrayView<float>, ArrayView<int>, int, float, OutputExtents>(OutputKernels.Measure, group);

    /// <summary><see cref="OutputKernels.Saturate"/>.</summary>
    public Action<Index1D, ArrayView<int>, ScaleViews, ArrayView<float>, ArrayView<float>, ArrayView<float>, int, float, OutputExtents> Saturate { get; } =
        accelerator.LoadImplicitlyGroupedStreamKernel<
            Index1D, ArrayView<int>, ScaleViews, ArrayView<float>, ArrayView<float>, ArrayView<float>, int, float, OutputExtents>(OutputKernels.Saturate, group);

    /// <summary><see cref="OutputKernels.Mend"/>.</summary>
    public Action<Index1D, SumViews, ArrayView<sbyte>, ArrayView<int>, ArrayView<float>, OutputExtents> Mend { get; } =
        accelerator.LoadImplicitlyGroupedStreamKernel<Index1D, SumViews, ArrayView<sbyte>, ArrayView<int>, ArrayView<float>, OutputExtents>(OutputKernels.Mend, group);

    /// <summary><see cref="OutputKernels.MendWide"/>.</summary>
    public Action<Index1D, SumViews, ArrayView<float>, int, ArrayView<float>, OutputExtents> MendWide { get; } =
        accelerator.LoadImplicitlyGroupedStreamKernel<Index1D, SumViews, ArrayView<float>, int, ArrayView<float>, OutputExtents>(OutputKernels.MendWide, group);

    /// <summary><see cref="OutputKernels.Repack"/>.</summary>
    public Action<Index1D, ArrayView<float>, ArrayView<int>, ArrayView<sbyte>, ArrayView<int>, OutputExtents> Repack { get; } =
        accelerator.LoadImplicitlyGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<int>, ArrayView<sbyte>, ArrayView<int>, OutputExtents>(OutputKernels.Repack, group);

    /// <summary><see cref="OutputKernels.Keep"/>.</summary>
    public Action<Index1D, ArrayView<float>, ArrayView<float>> Keep { get; } =
        accelerator.LoadImplicitlyGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>>(OutputKernels.Keep, group);

    /// <summary><see cref="VerdictKernels.Judge"/>.</summary>
    public Action<Index1D, SumViews, ArrayView<int>, OutputExtents> Judge { get; } =
        accelerator.LoadImplicitlyGroupedStreamKernel<Index1D, SumViews, ArrayView<int>, OutputExtents>(VerdictKernels.Judge, group);

    /// <summary><see cref="VerdictKernels.Trace"/>.</summary>
    public Action<Index1D, ArrayView<int>, SumViews, ArrayView<int>, OutputExtents, int, int> Trace { get; } =
        accelerator.LoadImplicitlyGroupedStreamKernel<Index1D, ArrayView<int>, SumViews, ArrayView<int>, OutputExtents, int, int>(VerdictKernels.Trace, group);

    /// <summary><see cref="VerdictKernels.Toggle"/>.</summary>
    public Action<Index1D, ArrayView<int>, ArrayView<int>, int, int, int> Toggle { get; } =
        accelerator.LoadImplicitlyGroupedStreamKernel<Index1D, ArrayView<int>, ArrayView<int>, int, int, int>(VerdictKernels.Toggle, group);
}
