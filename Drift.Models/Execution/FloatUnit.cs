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
                memory.Linear(layer, step, labels, input, output);
            else if (labels is not null)
                RowMemory.Compute(layer, input, output, step.Workspace);
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
                layer.Gather(input, output, row + i, windows.Slice(i * linear.K, linear.K));
            FloatGemm.Multiply(windows[..(rows * linear.K)], rows, linear.Packed, linear.Bias, output.Span.Slice(row * linear.N, rows * linear.N));
        }
    }

    /// <inheritdoc/>
    public void Attend(StepContext step, AttentionCall call)
    {
        ArgumentNullException.ThrowIfNull(step);
        DotProductAttention.Run(call, step.Workspace);
    }
}
