using System.Diagnostics.CodeAnalysis;
using Drift.Kernels;

namespace Drift.Abft;

/// <summary>Checkpoints in memory, the newest of each layer. Its arrays live on through <see cref="Clear"/>, so that a warm store allocates nothing.</summary>
public sealed class CheckpointStore : ICheckpointStore
{
    private readonly Dictionary<LayerKey, Checkpoint> _layers = [];

    /// <inheritdoc/>
    public long Bytes { get; private set; }

    /// <inheritdoc/>
    public long Save(LayerKey layer, int step, LayerOutput output)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        if (!_layers.TryGetValue(layer, out var checkpoint))
            _layers[layer] = checkpoint = new Checkpoint();
        if (checkpoint.IsLive)
            Bytes -= checkpoint.Bytes;
        checkpoint.Take(step, output);
        Bytes += checkpoint.Bytes;
        return checkpoint.Bytes;
    }

    /// <inheritdoc/>
    public bool TryGet(LayerKey layer, int beforeStep, [NotNullWhen(true)] out Checkpoint? checkpoint)
    {
        if (_layers.TryGetValue(layer, out checkpoint) && checkpoint.IsLive && checkpoint.Step < beforeStep)
            return true;
        checkpoint = null;
        return false;
    }

    /// <inheritdoc/>
    public void Clear()
    {
        foreach (var (_, checkpoint) in _layers)
            checkpoint.Forget();
        Bytes = 0;
    }
}
