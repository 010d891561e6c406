using System.Diagnostics.CodeAnalysis;
using Drift.Kernels;

namespace Drift.Abft;

/// <summary>Checkpoints in memory, the newest of each layer. Its arrays live on through <see cref="Clear"/>, so that a warm store allocates nothing.</summary>
public sealed class CheckpointStore : ICheckpointStore
{
    private readonly Dictionary<LayerKey, (Checkpoint Checkpoint, bool Live)> _layers = [];

    /// <inheritdoc/>
    public long Bytes { get; private set; }

    /// <inheritdoc/>
    public long Save(LayerKey layer, int step, LayerOutput output)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        var (checkpoint, live) = _layers.TryGetValue(layer, out var held) ? held : (new Checkpoint(), false);
        if (live)
            Bytes -= checkpoint.Bytes;
        checkpoint.Take(step, output);
        _layers[layer] = (checkpoint, true);
        Bytes += checkpoint.Bytes;
        return checkpoint.Bytes;
    }

    /// <inheritdoc/>
    public bool TryGet(LayerKey layer, int beforeStep, [NotNullWhen(true)] out Checkpoint? checkpoint)
    {
        checkpoint = _layers.TryGetValue(layer, out var held) && held.Live && held.Checkpoint.Step < beforeStep ? held.Checkpoint : null;
        return checkpoint is not null;
    }

    /// <inheritdoc/>
    public void Clear()
    {
        foreach (var layer in _layers.Keys)
            _layers[layer] = (_layers[layer].Checkpoint, false);
        Bytes = 0;
    }
}
