using ILGPU;
using ILGPU.Runtime;

namespace Drift.Kernels.Ilgpu;

/// <summary>fp32 layers of a device: the host's panels of weights are what <see cref="FloatDirectKernel"/> reads, so they go up as they are, once.</summary>
internal sealed class ResidentLayers(Accelerator accelerator, FloatKernelSet kernels, TensorKernelSet tensors) : IDisposable
{
    private readonly Dictionary<FloatWeights, (DeviceBuffer Panels, DeviceBuffer Bias)> _layers = [];
    private readonly DeviceBuffer _lines = new(accelerator), _product = new(accelerator), _nothing = new(accelerator);

    /// <summary>Most values of a convolution's windows that stand in memory at once: 64 MiB of them keep a device busy.</summary>
    public int MostWindowValues { get; set; } = 1 << 24;

    /// <summary>Y = X W^T + bias.</summary>
    /// <param name="input">X [rows, K].</param>
    /// <param name="rows">Rows.</param>
    /// <param name="weights">Packed W.</param>
    /// <param name="bias">N values, or empty.</param>
    /// <param name="output">Takes [rows, N].</param>
    public void Multiply(ArrayView<float> input, int rows, FloatWeights weights, float[] bias, ArrayView<float> output)
    {
        var (k, padded) = (weights.K, IlgpuWeights.RoundUp(rows, FloatDirectKernel.Rows));
        var lines = _lines.Take(checked(padded * k)).Cast<float>();
        kernels.Interleave(input, lines, rows, padded, FloatDirectKernel.Rows, k, k);
        Multiply(lines, rows, padded, weights, bias, output);
    }

    /// <summary>Y = X * W + bias. The windows of some rows at a time are gathered, so that no picture is too large.</summary>
    /// <param name="input">X [batch, height, width, channels].</param>
    /// <param name="shape">The convolution, of one group.</param>
    /// <param name="filters">Packed W over the window.</param>
    /// <param name="bias">A value a filter, or empty.</param>
    /// <param name="output">Takes Y.</param>
    public void Convolve(ArrayView<float> input, ConvolutionShape shape, FloatWeights filters, float[] bias, ArrayView<float> output)
    {
        var (m, n, k) = shape.Product;
        var windows = WindowExtents.Of(shape, 0);
        var most = Math.Max(1, MostWindowValues / k / FloatDirectKernel.Rows) * FloatDirectKernel.Rows;
        for (var first = 0; first < m; first += most)
        {
            var rows = Math.Min(most, m - first);
            var padded = IlgpuWeights.RoundUp(rows, FloatDirectKernel.Rows);
            var lines = _lines.Take(checked(padded * k)).Cast<float>();
            kernels.WindowLines(FlatIndex.Count(k, padded), input, lines, first, FloatDirectKernel.Rows, windows);
            Multiply(lines, rows, padded, filters, bias, output.SubView(first * n, rows * n));
        }
    }

    private void Multiply(ArrayView<float> lines, int rows, int padded, FloatWeights weights, float[] bias, ArrayView<float> output)
    {
        var (n, k, stride) = (weights.N, weights.K, IlgpuWeights.RoundUp(weights.N, FloatWeights.PanelColumns));
        var (panels, offsets) = Layer(weights, bias);
        ArrayView<float> product = _product.Take(checked(padded * stride)).Cast<float>(), nothing = _nothing.Take(1).Cast<float>();
        var e = new FloatExtents(rows, padded, n, stride, k, stride, FloatDirectKernel.Rows, FloatWeights.PanelColumns, 0, 0, 0);
        kernels.Direct.Multiply(new FloatLaunch(lines, panels, _nothing.Take(1), product, nothing, nothing, e), padded);
        tensors.AddBias(FlatIndex.Count(n, rows), product, offsets, output, stride, n);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (panels, bias) in _layers.Values)
        {
            panels.Dispose();
            bias.Dispose();
        }

        _layers.Clear();
        _lines.Dispose();
        _product.Dispose();
        _nothing.Dispose();
    }

    private (ArrayView<float> Panels, ArrayView<float> Bias) Layer(FloatWeights weights, float[] bias)
    {
        if (!_layers.TryGetValue(weights, out var layer))
        {
            _layers[weights] = layer = (new DeviceBuffer(accelerator), new DeviceBuffer(accelerator));
            layer.Panels.UploadOnce(weights.Panels, weights.Panels.Length);
            layer.Bias.UploadOnce(bias, weights.N);
        }

        return (layer.Panels.Take(weights.Panels.Length).Cast<float>(), layer.Bias.Take(weights.N).Cast<float>());
    }
}
