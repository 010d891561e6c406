using Drift.Kernels;

namespace Drift.Models;

/// <summary>The unquantised run: every layer in fp32 where its operands are, no faults, no checks. Rows are independent, so a picture comes out the same in any batch.</summary>
/// <param name="memory">Rows of conditioning layers, shared with other units; null to compute them every time.</param>
public sealed class FloatUnit(RowMemory? memory = null) : IGemmUnit
{
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
            else if (input.DeviceWith(output) is { } device)
                device.Linear(input, layer.Packed, layer.Bias, output);
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
        if (input.DeviceWith(output) is { } device)
            device.Convolve(input, layer.Over(input), layer.Linear.Packed, layer.Linear.Bias, output);
        else
            FloatConvolution.Multiply(layer.Over(input), input.Span, [layer.Linear.Packed], layer.Linear.Bias, output.Span);
    }

    /// <inheritdoc/>
    public void Attend(StepContext step, AttentionCall call)
    {
        ArgumentNullException.ThrowIfNull(step);
        ArgumentNullException.ThrowIfNull(call);
        if (call.Queries.DeviceWith(call.Output)?.TryAttend(call) != true)
            DotProductAttention.Run(call, step.Workspace);
    }
}
