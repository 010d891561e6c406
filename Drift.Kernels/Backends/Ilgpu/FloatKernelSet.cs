using ILGPU;
using ILGPU.Runtime;

namespace Drift.Kernels.Ilgpu;

/// <summary>The kernels that fp32 products on a device are made of.</summary>
internal sealed class FloatKernelSet(Accelerator accelerator, int group)
{
    /// <summary><see cref="FloatLineKernels.Interleave"/>.</summary>
    public Action<Index1D, ArrayView<float>, ArrayView<float>, int, int, int, int> Interleave { get; } =
        accelerator.LoadImplicitlyGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>, int, int, int, int>(FloatLineKernels.Interleave, group);

    /// <summary><see cref="FloatLineKernels.Encode"/>.</summary>
    public Action<Index2D, ArrayView<float>, ArrayView<float>, int, int, int, int, int> Encode { get; } =
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

    /// <summary>The family of small launches: check rows and columns.</summary>
    public FloatFamily Direct { get; } = new FloatDirectFamily(accelerator, group);
}
