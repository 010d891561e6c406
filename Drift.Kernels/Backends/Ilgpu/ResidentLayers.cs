using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;

namespace Drift.Kernels.Ilgpu;

/// <summary>fp32 layers of a device: the host's panels of weights are what <see cref="FloatDirectKernel"/> reads, so they go up as they are, once.</summary>
internal sealed class ResidentLayers(Accelerator accelerator, FloatKernelSet kernels, TensorKernelSet tensors) : IDisposable
{
    private readonly Dictionary<FloatWeights, (DeviceBuffer Panels, DeviceBuffer Bias)> _layers = [];
    private readonly DeviceBuffer _lines = new(accelerator), _product = new(accelerator), _nothing = new(accelerator);

    /// <summary>Y = X W^T + bias.</summary>
    /// <param name="input">X [rows, K].</param>
    /// <param name="rows">Rows.</param>
    /// <param name="weights">Packed W.</param>
    /// <param name="bias">N values, or empty.</param>
    /// <param name="output">Takes [rows, N].</param>
    public void Multiply(ArrayView<float> input, int rows, FloatWeights weights, float[] bias, ArrayView<float> output)
    {
        var (n, k, padded) = (weights.N, weights.K, IlgpuWeights.RoundUp(rows, FloatDirectKernel.Rows));
        var stride = IlgpuWeights.RoundUp(n, FloatWeights.PanelColumns);
        var (panels, offsets) = Layer(weights, bias);
        ArrayView<float> lines = _lines.Take(checked(padded * k)).Cast<float>(), product = _product.Take(checked(padded * stride)).Cast<float>(), nothing = _nothing.Take(1).Cast<float>();
        kernels.Interleave(new Index2D(k, padded), input, lines, rows, FloatDirectKernel.Rows, k, k);
        var e = new FloatExtents(rows, padded, n, stride, k, stride, FloatDirectKernel.Rows, FloatWeights.PanelColumns, 0, 0, 0);
        kernels.Direct.Multiply(new FloatLaunch(lines, panels, _nothing.Take(1), product, nothing, nothing, e), padded);
        tensors.AddBias(new Index2D(n, rows), product, offsets, output, stride, n);
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
            Send(weights.Panels, weights.Panels.Length, layer.Panels);
            Send(bias, weights.N, layer.Bias);
        }

        return (layer.Panels.Take(weights.Panels.Length).Cast<float>(), layer.Bias.Take(weights.N).Cast<float>());
    }

    private static void Send(ReadOnlySpan<float> values, int length, DeviceBuffer target)
    {
        var stage = target.Stage(length);
        stage.Clear();
        MemoryMarshal.Cast<float, int>(values).CopyTo(stage);
        target.Upload(length);
        target.DropStage();
    }
}
