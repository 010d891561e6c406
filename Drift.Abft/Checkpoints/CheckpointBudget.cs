using Drift.Kernels;

namespace Drift.Abft;

/// <summary>
/// Saves by budgeted bytes: each step writes as much as the budget allows, the layers with the oldest checkpoints first. So the traffic of an interval is spread evenly over its steps, where the paper's rule
/// writes all layers in one step and none in the next nine. A layer's first outputs are saved whatever they take; a layer larger than the budget has a step to itself.
/// </summary>
public sealed class CheckpointBudget : ICheckpointSchedule
{
    private readonly Dictionary<LayerKey, int> _saved = [];
    private readonly long _bytesPerStep;
    private long _left;
    private int _step = -1, _oldest;

    /// <summary>A schedule.</summary>
    /// <param name="bytesPerStep">Bytes that a step may write, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than 1 byte.</exception>
    public CheckpointBudget(long bytesPerStep)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytesPerStep, 1);
        _bytesPerStep = bytesPerStep;
    }

    /// <inheritdoc/>
    public bool IsDue(LayerKey layer, int step, long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        if (step != _step)
            (_step, _left, _oldest) = (step, _bytesPerStep, _saved.Count == 0 ? step : _saved.Values.Min());
        if (_saved.TryAdd(layer, step))
            return true;
        if (_saved[layer] > _oldest || (bytes > _left && _left < _bytesPerStep))
            return false;
        _left = Math.Max(0, _left - bytes);
        _saved[layer] = step;
        return true;
    }
}
