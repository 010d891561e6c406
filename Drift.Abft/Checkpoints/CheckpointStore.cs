using System.Diagnostics.CodeAnalysis;
using Drift.Kernels;

namespace Drift.Abft;

/// <summary>Checkpoints in memory, the newest of each layer, linked to those before it. Its arrays live on through <see cref="Clear"/>, so that a warm store allocates nothing.</summary>
public sealed class CheckpointStore : ICheckpointStore
{
    private readonly Dictionary<LayerKey, List<Checkpoint>> _layers = [];
    private int _depth = 1;

    /// <inheritdoc/>
    public int Depth
    {
        get => _depth;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            if (Bytes > 0)
                throw new InvalidOperationException("the depth of a store is set before the first checkpoint is saved");
            _depth = value;
        }
    }

    /// <inheritdoc/>
    public long Bytes { get; private set; }

    /// <inheritdoc/>
    public long Save(LayerKey layer, int step, LayerOutput output)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        if (!_layers.TryGetValue(layer, out var kept))
            _layers[layer] = kept = [];
        // Newest first; the oldest one's arrays take the new outputs.
        if (kept.Count < _depth)
            kept.Add(new Checkpoint());
        var (oldest, newest) = (kept[^1], kept[0]);
        if (oldest.IsLive)
            Bytes -= oldest.Bytes;
        oldest.Take(step, output);
        kept.RemoveAt(kept.Count - 1);
        kept.Insert(0, oldest);
        oldest.Earlier = newest != oldest && newest.IsLive ? newest : null;
        if (kept.Count > 1)
            kept[^1].Earlier = null;
        Bytes += oldest.Bytes;
        return oldest.Bytes;
    }

    /// <inheritdoc/>
    public bool TryGet(LayerKey layer, int beforeStep, [NotNullWhen(true)] out Checkpoint? checkpoint)
    {
        checkpoint = _layers.TryGetValue(layer, out var kept) ? kept[0] : null;
        if (checkpoint is { IsLive: true } && checkpoint.Step < beforeStep)
            return true;
        checkpoint = null;
        return false;
    }

    /// <inheritdoc/>
    public void Clear()
    {
        foreach (var (_, kept) in _layers)
        {
            foreach (var checkpoint in kept)
                checkpoint.Forget();
        }

        Bytes = 0;
    }
}
