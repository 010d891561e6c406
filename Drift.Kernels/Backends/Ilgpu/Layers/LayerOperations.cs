using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;

namespace Drift.Kernels.Ilgpu;

/// <summary>What stands around a layer's product, on a device: quantising with line sums, the way out, checkpoints in the offload layout, mending. From host memory and back, which is how the kernels are verified.</summary>
internal sealed class LayerOperations : IDisposable
{
    private readonly IlgpuDevice _device;
    private readonly DeviceBuffer _values, _largest, _codes, _sums, _weights, _bias;
    private readonly LayerKernelSet _kernels;

    /// <summary>Opens a device and compiles the kernels.</summary>
    /// <param name="name">One of <see cref="IlgpuBackend.Names"/>.</param>
    /// <param name="optimised">False leaves ILGPU's optimisations out.</param>
    /// <exception cref="BackendUnavailableException">The device is absent.</exception>
    public LayerOperations(string name, bool optimised)
    {
        _device = IlgpuDevice.Open(name, optimised ? OptimizationLevel.O2 : OptimizationLevel.O0);
        var accelerator = _device.Accelerator;
        (_values, _largest, _codes, _sums, _weights, _bias) = (new(accelerator), new(accelerator), new(accelerator), new(accelerator), new(accelerator), new(accelerator));
        var group = Math.Min(DeviceTuning.Shipped(_device.IsGpu).GroupSize, accelerator.MaxNumThreadsPerGroup);
        _kernels = new(accelerator, group);
    }

    /// <summary>Quantises: <see cref="QuantiseKernels"/>.</summary>
    /// <param name="values">[rows, width].</param>
    /// <param name="e">Extents.</param>
    /// <param name="codes">Takes words [padded rows, words].</param>
    /// <param name="sums">Takes the sums of each tile of rows as <see cref="PairRows"/>.</param>
    public void Quantise(ReadOnlySpan<float> values, QuantiseExtents e, Span<int> codes, Span<int> sums)
    {
        var source = Upload(_values, values);
        var largest = Measure(source, e);
        var tiles = (e.PaddedRows + e.Tile - 1) / e.Tile;
        _kernels.Encode(new Index2D(e.Words, tiles), source, largest, _codes.Take(codes.Length), _sums.Take(sums.Length), e);
        _codes.Download(codes.Length).CopyTo(codes);
        _sums.Download(sums.Length).CopyTo(sums);
    }

    /// <summary>Quantises with sums as digits: <see cref="DigitLines.Quantise"/>. On GPUs, and where a group of its size is no group of threads of the system.</summary>
    /// <param name="values">[rows, width].</param>
    /// <param name="e">Extents; words are whole slices.</param>
    /// <param name="codes">Takes words [padded rows, words].</param>
    /// <param name="digits">Takes the lines.</param>
    public void QuantiseDigits(ReadOnlySpan<float> values, QuantiseExtents e, Span<int> codes, Span<int> digits)
    {
        var source = Upload(_values, values);
        var largest = Measure(source, e);
        var kernel = _device.Accelerator.LoadStreamKernel<ArrayView<float>, ArrayView<int>, ArrayView<int>, ArrayView<int>, QuantiseExtents, int>(DigitLines.Quantise);
        kernel(DigitLines.Groups(e), source, largest, _codes.Take(codes.Length), _sums.Take(digits.Length), e, DigitLines.AcrossBits(e.Tile));
        _codes.Download(codes.Length).CopyTo(codes);
        _sums.Download(digits.Length).CopyTo(digits);
    }

    /// <summary>Accumulators to values: <see cref="OutputKernels.Leave"/>.</summary>
    /// <param name="activations">What was quantised.</param>
    /// <param name="q">How.</param>
    /// <param name="c">Accumulators [rows, Stride].</param>
    /// <param name="weights">w scale a column.</param>
    /// <param name="bias">A value a column.</param>
    /// <param name="limit">Largest magnitude of a product before the bias.</param>
    /// <param name="e">Extents.</param>
    /// <param name="values">Takes [rows, columns].</param>
    public void Leave(
        ReadOnlySpan<float> activations, QuantiseExtents q, ReadOnlySpan<int> c, ReadOnlySpan<float> weights, ReadOnlySpan<float> bias, float limit, OutputExtents e, Span<float> values)
    {
        var largest = Measure(Upload(_values, activations), q);
        var target = _sums.Take(values.Length).Cast<float>();
        _kernels.Leave(FlatIndex.Count(e.Columns, e.Rows), Upload(_codes, c), largest, Upload(_weights, weights), Upload(_bias, bias), target, q.RowsOfGroup, limit, e);
        MemoryMarshal.Cast<int, float>(_sums.Download(values.Length)).CopyTo(values);
    }

    /// <summary>A checkpoint's codes: <see cref="OutputKernels.Repack"/>; they stay on the device for <see cref="Mend"/>.</summary>
    /// <param name="values">[rows, columns].</param>
    /// <param name="largest">The largest magnitude that the output's scale is made of.</param>
    /// <param name="e">Extents.</param>
    /// <param name="codes">Takes the codes.</param>
    public void Repack(ReadOnlySpan<float> values, float largest, OutputExtents e, Span<sbyte> codes)
    {
        var words = (codes.Length + 3) / 4;
        _kernels.Repack(FlatIndex.Count(e.Columns, e.Rows), Upload(_values, values), Upload(_largest, [BitConverter.SingleToInt32Bits(largest)]), _codes.Take(words).Cast<sbyte>(), _weights.Take(1), e);
        MemoryMarshal.Cast<int, sbyte>(_codes.Download(words))[..codes.Length].CopyTo(codes);
    }

    /// <summary>Verifies and mends: <see cref="VerdictKernels.Judge"/> and <see cref="OutputKernels.Mend"/>.</summary>
    /// <param name="sums">A product's sums, laid out.</param>
    /// <param name="layout">How.</param>
    /// <param name="largest">What was given to <see cref="Repack"/>; 0 for no checkpoint.</param>
    /// <param name="e">Extents.</param>
    /// <param name="values">[rows, columns]; mended.</param>
    /// <returns>Flagged rows, flagged columns, masked elements and those fetched for them.</returns>
    public int[] Mend(ReadOnlySpan<int> sums, SumLayout layout, float largest, OutputExtents e, Span<float> values)
    {
        var target = Upload(_values, values);
        var report = _bias.Take(VerdictKernels.Counts);
        report.MemSetToZero();
        var views = layout.In(Upload(_sums, sums));
        _kernels.Judge((e.Rows + e.Tile - 1) / e.Tile * ((e.Columns + e.Tile - 1) / e.Tile), views, report, e);
        _kernels.Mend(FlatIndex.Count(e.Columns, e.Rows), views, _codes.All.Cast<sbyte>(), Upload(_largest, [BitConverter.SingleToInt32Bits(largest)]), target, e);
        MemoryMarshal.Cast<int, float>(_values.Download(values.Length)).CopyTo(values);
        return _bias.Download(VerdictKernels.Counts).ToArray();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var buffer in (ReadOnlySpan<DeviceBuffer>)[_values, _largest, _codes, _sums, _weights, _bias])
            buffer.Dispose();
        _device.Dispose();
    }

    private ArrayView<int> Measure(ArrayView<float> source, QuantiseExtents e)
    {
        var groups = e.Rows / e.RowsOfGroup;
        var largest = _largest.Take(groups);
        largest.MemSetToZero();
        _kernels.Measure(FlatIndex.Count((e.RowsOfGroup * e.Width + QuantiseKernels.Stretch - 1) / QuantiseKernels.Stretch, groups), source, largest, e);
        return largest;
    }

    private static ArrayView<float> Upload(DeviceBuffer buffer, ReadOnlySpan<float> values) => Upload(buffer, MemoryMarshal.Cast<float, int>(values)).Cast<float>();

    private static ArrayView<int> Upload(DeviceBuffer buffer, ReadOnlySpan<int> values)
    {
        values.CopyTo(buffer.Stage(values.Length));
        return buffer.Upload(values.Length);
    }
}
