using ILGPU;
using ILGPU.Runtime;

namespace Drift.Kernels.Ilgpu;

/// <summary>
/// fp32 layers of a device, multiplied by the family that products of their shape are. The host's panels of weights are what <see cref="FloatDirectKernel"/> reads, so for it they go up as they are;
/// others have them in groups of their own. Once a family: a layer of few rows and of many goes up for each where their families differ, as on CUDA. Copies stay at least as long as their network.
/// </summary>
internal sealed class ResidentLayers(Accelerator accelerator, (FloatKernelSet Kernels, FloatFamily Family) floats, TensorKernelSet tensors) : IDisposable
{
    private readonly DeviceBuffer _lines = new(accelerator), _windows = new(accelerator), _product = new(accelerator), _nothing = new(accelerator);

    /// <summary>Weights and biases, on the device.</summary>
    internal ResidentCopies Copies { get; } = new(accelerator);

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
        var family = Family(rows, weights);
        int padded = IlgpuWeights.RoundUp(rows, family.RowGroup), depth = Depth(family, weights);
        var lines = _lines.Take(checked(padded * depth)).Cast<float>();
        floats.Kernels.Interleave(input, lines, rows, padded, family.RowGroup, weights.K, depth);
        Multiply(family, lines, rows, padded, weights, bias, output);
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
        var unit = Family(m, filters).RowGroup;
        var most = Math.Max(1, MostWindowValues / k / unit) * unit;
        for (var first = 0; first < m; first += most)
        {
            var rows = Math.Min(most, m - first);
            var share = output.SubView(first * n, rows * n);
            if (!floats.Family.LongItems)
            {
                // In rows, as a group of one: neighbours write neighbours. From there they pass through shared memory into groups.
                var gathered = _windows.Take(checked(rows * k)).Cast<float>();
                floats.Kernels.WindowLines(FlatIndex.Count(k, rows), input, gathered, first, 1, windows);
                Multiply(gathered, rows, filters, bias, share);
                continue;
            }

            var padded = IlgpuWeights.RoundUp(rows, floats.Family.RowGroup);
            var lines = _lines.Take(checked(padded * k)).Cast<float>();
            floats.Kernels.WindowLines(FlatIndex.Count(k, padded), input, lines, first, floats.Family.RowGroup, windows);
            Multiply(floats.Family, lines, rows, padded, filters, bias, share);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var part in (ReadOnlySpan<IDisposable>)[Copies, _lines, _windows, _product, _nothing])
            part.Dispose();
    }

    private void Multiply(FloatFamily family, ArrayView<float> lines, int rows, int padded, FloatWeights weights, float[] bias, ArrayView<float> output)
    {
        int n = weights.N, group = family.LayerColumnGroup, stride = IlgpuWeights.RoundUp(n, group);
        ArrayView<float> product = _product.Take(checked(padded * stride)).Cast<float>(), nothing = _nothing.Take(1).Cast<float>();
        var e = new FloatExtents(rows, padded, n, stride, Depth(family, weights), stride, family.RowGroup, group, 0, 0, 0);
        family.Multiply(new FloatLaunch(lines, Weights(family, weights), _nothing.Take(1), product, nothing, nothing, e), padded);
        tensors.AddBias(FlatIndex.Count(n, rows), product, Bias(weights, bias), output, stride, n);
    }

    private FloatFamily Family(int rows, FloatWeights weights) => floats.Family.For(new GemmShape(rows, weights.N, weights.K));

    private static int Depth(FloatFamily family, FloatWeights weights) => IlgpuWeights.RoundUp(weights.K, family.DepthUnit);

    private ArrayView<float> Weights(FloatFamily family, FloatWeights weights)
    {
        int group = family.LayerColumnGroup, depth = Depth(family, weights), length = checked(IlgpuWeights.RoundUp(weights.N, group) * depth);
        return Copies.Find(weights, family, length) ?? Copies.Send(weights, family, length, target => Regroup(weights, target, group, depth));
    }

    /// <summary>A bias belongs to itself; zeros, where there is none, to the weights.</summary>
    private ArrayView<float> Bias(FloatWeights weights, float[] bias)
    {
        object owner = bias.Length == 0 ? weights : bias;
        return Copies.Find(owner, nameof(Bias), weights.N) ?? Copies.Send(owner, nameof(Bias), weights.N, target => bias.CopyTo(target));
    }

    /// <summary>The host's panels in groups of other columns, K padded.</summary>
    private static void Regroup(FloatWeights weights, Span<float> target, int group, int depth)
    {
        const int Panel = FloatWeights.PanelColumns;
        int k = weights.K, columns = weights.Panels.Length / k, step = Math.Min(Panel, group);
        // Panels may end behind the last group, never a group behind them that holds a column.
        for (var column = 0; column < Math.Min(columns, target.Length / depth); column += step)
        {
            for (var p = 0; p < k; p++)
                weights.Panels.Slice(FloatLineKernels.Place(column, p, Panel, k), step).CopyTo(target[FloatLineKernels.Place(column, p, group, depth)..]);
        }
    }
}
