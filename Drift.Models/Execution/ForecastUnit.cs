using Drift.Kernels;

namespace Drift.Models;

/// <summary>
/// Lets another unit compute the blocks at some steps and forecasts their branches at the others (<see cref="FeatureCache"/>). Networks do not notice: they ask for
/// the same layers, and get the branch's last layer forecast and the ones before it as zeros, which nobody reads on. What is not computed meets no faults, saves no
/// checkpoint and costs no product. Serves one thread and one run.
/// </summary>
/// <param name="inner">Computes; disposed with this one where it is disposable.</param>
/// <param name="cache">Which steps, and how the others are forecast.</param>
/// <param name="moved">Told the bytes of features that a call moved to or from memory, held in 16 bits each; null for nobody.</param>
public sealed class ForecastUnit(IGemmUnit inner, FeatureCache cache, Action<long>? moved = null) : IGemmUnit, IDisposable
{
    private readonly Dictionary<LayerKey, FeatureHistory> _histories = [];

    /// <inheritdoc/>
    public void Linear(StepContext step, Tensor input, params ReadOnlySpan<Projection> projections)
    {
        ArgumentNullException.ThrowIfNull(step);
        if (cache.Computes(step.Index))
        {
            inner.Linear(step, input, projections);
            foreach (var projection in projections)
                Keep(step.Index, projection);
            return;
        }

        List<Projection> computed = [];
        foreach (var projection in projections)
        {
            if (!FeatureCache.Covers(projection.Layer.Key.Role))
                computed.Add(projection);
            else
                Forecast(step.Index, projection);
        }

        if (computed.Count > 0)
            inner.Linear(step, input, [.. computed]);
    }

    /// <inheritdoc/>
    public void Convolve(StepContext step, Tensor input, ConvolutionLayer layer, Tensor output) => inner.Convolve(step, input, layer, output);

    /// <inheritdoc/>
    public void Attend(StepContext step, AttentionCall call)
    {
        ArgumentNullException.ThrowIfNull(step);
        ArgumentNullException.ThrowIfNull(call);
        if (cache.Computes(step.Index))
            inner.Attend(step, call);
        else
            call.Output.Span.Clear();
    }

    /// <inheritdoc/>
    public void Dispose() => (inner as IDisposable)?.Dispose();

    private void Keep(int step, Projection projection)
    {
        var (key, output) = (projection.Layer.Key, projection.Output);
        // Where every step is computed nothing is ever forecast.
        if (cache.Interval == 1 || !FeatureCache.EndsBranch(key.Role))
            return;
        if (!_histories.TryGetValue(key, out var history))
            _histories.Add(key, history = new FeatureHistory(cache.Order, cache.Form));
        var read = Math.Min(history.Held, cache.Order);
        history.Add(step, output.Span);
        Move(output, read + history.Held);
    }

    private void Forecast(int step, Projection projection)
    {
        var (key, output) = (projection.Layer.Key, projection.Output);
        if (!FeatureCache.EndsBranch(key.Role))
        {
            output.Span.Clear();
            return;
        }

        if (!_histories.TryGetValue(key, out var history))
            throw new InvalidOperationException($"{key}: step {step} is forecast before the layer was computed once");
        history.Forecast(step, output.Span);
        Move(output, history.Held);
    }

    private void Move(Tensor feature, int tensors) => moved?.Invoke((long)feature.Length * tensors * sizeof(ushort));
}
