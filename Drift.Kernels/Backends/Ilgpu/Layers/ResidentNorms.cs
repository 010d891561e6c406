using ILGPU;
using ILGPU.Runtime;

namespace Drift.Kernels.Ilgpu;

/// <summary>Norms with learned factors on a device. Those of groups add in fp64, as the host does, which not every OpenCL device has. What was learned goes up once and stays as long as its network.</summary>
internal sealed class ResidentNorms(Accelerator accelerator, IlgpuBackend backend, int group, TensorKernelSet kernels) : IDisposable
{
    private readonly ResidentCopies _learned = new(accelerator);
    private readonly DeviceBuffer _sums = new(accelerator), _totals = new(accelerator), _scale = new(accelerator), _shift = new(accelerator);
    private readonly Lazy<GroupNormKernelSet> _groups = new(() => backend.Compile(() => new GroupNormKernelSet(accelerator, group)));

    /// <summary>What was learned, on the device.</summary>
    internal ResidentCopies Copies => _learned;

    /// <summary><see cref="LayerNorm.Affine"/>.</summary>
    /// <param name="x">[rows, width].</param>
    /// <param name="rows">Rows.</param>
    /// <param name="gamma">width factors.</param>
    /// <param name="beta">width addends.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="y">Takes as many values as x.</param>
    public void Rows(ArrayView<float> x, int rows, float[] gamma, float[] beta, float epsilon, ArrayView<float> y) =>
        kernels.Affine(rows, x, Learned(gamma), Learned(beta), y, gamma.Length, epsilon);

    /// <summary><see cref="GroupNorm"/>.</summary>
    /// <param name="x">[samples, pixels, channels].</param>
    /// <param name="samples">Samples.</param>
    /// <param name="gamma">A factor a channel.</param>
    /// <param name="beta">An addend a channel.</param>
    /// <param name="y">Takes as many values as x.</param>
    /// <param name="e">Extents.</param>
    public void Groups(ArrayView<float> x, int samples, float[] gamma, float[] beta, ArrayView<float> y, GroupExtents e)
    {
        int runs = GroupExtents.RunsOf(e.Pixels), channels = samples * e.Channels;
        var sums = _sums.Take(checked(2 * samples * runs * e.Channels)).Cast<float>();
        // Two words each.
        var totals = _totals.Take(4 * channels).Cast<double>();
        ArrayView<float> scale = _scale.Take(channels).Cast<float>(), shift = _shift.Take(channels).Cast<float>();
        var set = _groups.Value;
        set.AddLines(channels, x, totals, e.Channels, e.Pixels, GroupNorm.Run);
        set.Centre(channels, totals, shift, e);
        set.SumRun(FlatIndex.Count(e.Channels, samples * runs), x, shift, sums, e);
        set.AddLines(2 * channels, sums, totals, 2 * e.Channels, runs, 1);
        set.Fit(channels, totals, Learned(gamma), Learned(beta), scale, shift, e);
        set.Apply(FlatIndex.Count(e.Channels, samples * e.Pixels), x, scale, shift, y, e);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _learned.Dispose();
        foreach (var buffer in (ReadOnlySpan<DeviceBuffer>)[_sums, _totals, _scale, _shift])
            buffer.Dispose();
    }

    private ArrayView<float> Learned(float[] values) =>
        _learned.Find(values, nameof(Learned), values.Length) ?? _learned.Send(values, nameof(Learned), values.Length, target => values.CopyTo(target));
}

/// <summary>The kernels of a norm of groups, compiled for a device.</summary>
internal sealed class GroupNormKernelSet(Accelerator accelerator, int group)
{
    /// <summary><see cref="GroupNormKernels.SumRun"/>.</summary>
    public Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, GroupExtents> SumRun { get; } =
        accelerator.LoadImplicitlyGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, GroupExtents>(GroupNormKernels.SumRun, group);

    /// <summary><see cref="GroupNormKernels.AddLines"/>.</summary>
    public Action<Index1D, ArrayView<float>, ArrayView<double>, int, int, int> AddLines { get; } =
        accelerator.LoadImplicitlyGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<double>, int, int, int>(GroupNormKernels.AddLines, group);

    /// <summary><see cref="GroupNormKernels.Centre"/>.</summary>
    public Action<Index1D, ArrayView<double>, ArrayView<float>, GroupExtents> Centre { get; } =
        accelerator.LoadImplicitlyGroupedStreamKernel<Index1D, ArrayView<double>, ArrayView<float>, GroupExtents>(GroupNormKernels.Centre, group);

    /// <summary><see cref="GroupNormKernels.Fit"/>.</summary>
    public Action<Index1D, ArrayView<double>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, GroupExtents> Fit { get; } =
        accelerator.LoadImplicitlyGroupedStreamKernel<Index1D, ArrayView<double>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, GroupExtents>(GroupNormKernels.Fit, group);

    /// <summary><see cref="GroupNormKernels.Apply"/>.</summary>
    public Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, GroupExtents> Apply { get; } =
        accelerator.LoadImplicitlyGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, GroupExtents>(GroupNormKernels.Apply, group);
}
