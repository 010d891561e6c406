using Drift.Kernels;

namespace Drift.Models;

/// <summary>The unquantised run: every layer in fp32 on the host, no faults, no checks. Rows are independent, so a picture comes out the same in any batch.</summary>
/// <param name="memory">Rows of conditioning layers, shared with other units; null to compute them every time.</param>
public sealed class FloatUnit(RowMemory? memory = null) : IGemmUnit
{
    /// <summary>Windows gathered at a time: few enough to stay in the cache between the gathering and the product.</summary>
    private const int ScratchValues = 1 << 16, TileRows = 8;

    /// <inheritdoc/>
    public void Linear(StepContext step, Tensor input, params ReadOnlySpan<Projection> projections)
    {
        ArgumentNullException.ThrowIfNull(step);
        ArgumentNullException.ThrowIfNull(input);
        foreach (var (layer, output, labels) in projections)
        {
            if (memory is not null && labels is not null)
                memory.Linear(layer, step.Timestep, labels, input, output);
            else
                FloatGemm.Multiply(input.Span, input.Rows, layer.Packed, layer.Bias, output.Span);
        }
    }

    /// <inheritdoc/>
    public void Convolve(StepContext step, Tensor input, ConvolutionLayer layer, Tensor output)
    {
        ArgumentNullException.ThrowIfNull(step);
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(layer);
        ArgumentNullException.ThrowIfNull(output);
        var linear = layer.Linear;
        if (layer is { Kernel: 1, Stride: 1, Padding: 0, PaddingAfter: 0 })
        {
            FloatGemm.Multiply(input.Span, input.Rows, linear.Packed, linear.Bias, output.Span);
            return;
        }

        using var scope = step.Workspace.Begin();
        // Whole register tiles, so that a chunk has no ragged end.
        var chunk = Math.Clamp(ScratchValues / linear.K / TileRows * TileRows, 1, Math.Max(1, output.Rows));
        var windows = step.Workspace.Rent(chunk, linear.K).Span;
        for (var row = 0; row < output.Rows; row += chunk)
        {
            var rows = Math.Min(chunk, output.Rows - row);
            for (var i = 0; i < rows; i++)
                Gather(input, layer, output, row + i, windows.Slice(i * linear.K, linear.K));
            FloatGemm.Multiply(windows[..(rows * linear.K)], rows, linear.Packed, linear.Bias, output.Span.Slice(row * linear.N, rows * linear.N));
        }
    }

    /// <inheritdoc/>
    public void Attend(StepContext step, AttentionCall call)
    {
        ArgumentNullException.ThrowIfNull(step);
        DotProductAttention.Run(call, step.Workspace);
    }

    /// <summary>The window under one output pixel: kernel row, kernel column, channel; zeros where it hangs over the edge.</summary>
    private static void Gather(Tensor input, ConvolutionLayer layer, Tensor output, int row, Span<float> window)
    {
        var (height, width, channels) = (input.Shape[1], input.Shape[2], layer.InChannels);
        var (image, pixel) = Math.DivRem(row, output.Shape[1] * output.Shape[2]);
        var top = pixel / output.Shape[2] * layer.Stride - layer.Padding;
        var left = pixel % output.Shape[2] * layer.Stride - layer.Padding;
        var first = Math.Clamp(-left, 0, layer.Kernel);
        var last = Math.Clamp(width - left, first, layer.Kernel);
        for (var y = 0; y < layer.Kernel; y++)
        {
            var line = window.Slice(y * layer.Kernel * channels, layer.Kernel * channels);
            if (top + y < 0 || top + y >= height)
            {
                line.Clear();
                continue;
            }

            line[..(first * channels)].Clear();
            line[(last * channels)..].Clear();
            var source = ((image * height + top + y) * width + left + first) * channels;
            input.Span.Slice(source, (last - first) * channels).CopyTo(line[(first * channels)..]);
        }
    }
}
