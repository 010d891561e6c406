using ILGPU;
using ILGPU.Runtime;

namespace Drift.Kernels.Ilgpu;

/// <summary>The kernels between a network's products, compiled for a device.</summary>
internal sealed class TensorKernelSet(Accelerator accelerator, int group)
{
    /// <summary><see cref="TensorKernels.Modulate"/>.</summary>
    public Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, ModulationExtents> Modulate { get; } =
        accelerator.LoadImplicitlyGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, ModulationExtents>(TensorKernels.Modulate, group);

    /// <summary><see cref="TensorKernels.AddGated"/>.</summary>
    public Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, ModulationExtents> AddGated { get; } =
        accelerator.LoadImplicitlyGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, ModulationExtents>(TensorKernels.AddGated, group);

    /// <summary><see cref="TensorKernels.Affine"/>.</summary>
    public Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, int, float> Affine { get; } =
        accelerator.LoadImplicitlyGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, int, float>(TensorKernels.Affine, group);

    /// <summary><see cref="TensorKernels.AddToRows"/>.</summary>
    public Action<Index1D, ArrayView<float>, ArrayView<float>, ModulationExtents> AddToRows { get; } =
        accelerator.LoadImplicitlyGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>, ModulationExtents>(TensorKernels.AddToRows, group);

    /// <summary><see cref="TensorKernels.Silu"/>.</summary>
    public Action<Index1D, ArrayView<float>> Silu { get; } =
        accelerator.LoadImplicitlyGroupedStreamKernel<Index1D, ArrayView<float>>(TensorKernels.Silu, group);

    /// <summary><see cref="TensorKernels.GateGelu"/>.</summary>
    public Action<Index1D, ArrayView<float>, ArrayView<float>, int> GateGelu { get; } =
        accelerator.LoadImplicitlyGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>, int>(TensorKernels.GateGelu, group);

    /// <summary><see cref="PictureKernels.Join"/>.</summary>
    public Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, int, int> Join { get; } =
        accelerator.LoadImplicitlyGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, int, int>(PictureKernels.Join, group);

    /// <summary><see cref="PictureKernels.Double"/>.</summary>
    public Action<Index1D, ArrayView<float>, ArrayView<float>, DoublingExtents> Double { get; } =
        accelerator.LoadImplicitlyGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>, DoublingExtents>(PictureKernels.Double, group);

    /// <summary><see cref="PictureKernels.Transpose"/>.</summary>
    public Action<Index1D, ArrayView<float>, ArrayView<float>, int, int> Transpose { get; } =
        accelerator.LoadImplicitlyGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>, int, int>(PictureKernels.Transpose, group);

    /// <summary><see cref="TensorKernels.Add"/>.</summary>
    public Action<Index1D, ArrayView<float>, ArrayView<float>> Add { get; } =
        accelerator.LoadImplicitlyGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>>(TensorKernels.Add, group);

    /// <summary><see cref="OutputKernels.AddBias"/>.</summary>
    public Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, int, int> AddBias { get; } =
        accelerator.LoadImplicitlyGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, int, int>(OutputKernels.AddBias, group);

    /// <summary><see cref="TensorKernels.GeluTanh"/>.</summary>
    public Action<Index1D, ArrayView<float>> GeluTanh { get; } =
        accelerator.LoadImplicitlyGroupedStreamKernel<Index1D, ArrayView<float>>(TensorKernels.GeluTanh, group);

    /// <summary><see cref="AttentionKernels.Score"/>.</summary>
    public Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<int>, ArrayView<float>, AttentionExtents> Score { get; } =
        accelerator.LoadImplicitlyGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<int>, ArrayView<float>, AttentionExtents>(AttentionKernels.Score, group);

    /// <summary><see cref="AttentionKernels.Softmax"/>.</summary>
    public Action<Index1D, ArrayView<float>, AttentionExtents> Softmax { get; } =
        accelerator.LoadImplicitlyGroupedStreamKernel<Index1D, ArrayView<float>, AttentionExtents>(AttentionKernels.Softmax, group);

    /// <summary><see cref="AttentionKernels.Weigh"/>.</summary>
    public Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<int>, ArrayView<float>, AttentionExtents> Weigh { get; } =
        accelerator.LoadImplicitlyGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<int>, ArrayView<float>, AttentionExtents>(AttentionKernels.Weigh, group);
}
