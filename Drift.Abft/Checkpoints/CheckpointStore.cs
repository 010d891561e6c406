using System.Diagnostics.CodeAnalysis;
using Drift.Kernels;

namespace Drift.Abft;

/// <summary>
/// The newest checkpoints of each layer, linked to those before them. Blocks live on through <see cref="Clear"/>, so that a warm store allocates nothing; disposing the store gives them back to their tier.
/// </summary>
/// <param name="layout">Order of the elements in memory; null for row-major.</param>
/// <param name="tier">Memory; null for the host's without a limit.</param>
public sealed class CheckpointStore(ITileLayout? layout = null, ICheckpointTier? tier = null) : ICheckpointStore
{
    private readonly ITileLayout _layout = layout ?? new RowMajorLayout();
    private readonly ICheckpointTier _tier = tier ?? new HostArena();
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
    public int Damaged { get; private set; }

    /// <inheritdoc/>
    public long Save(LayerKey layer, int step, LayerOutput output)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        if (!_layers.TryGetValue(layer, out var kept))
            _layers[layer] = kept = [];
        // Newest first; the block of a dropped one takes the new outputs, or that of the oldest.
        if (kept.Count < _depth)
            kept.Add(new Checkpoint(_layout, _tier));
        var place = kept.FindLastIndex(known => !known.IsLive);
        var taken = kept[place < 0 ? kept.Count - 1 : place];
        if (taken.IsLive)
            Bytes -= taken.Bytes;
        taken.Take(step, output);
        kept.Remove(taken);
        kept.Insert(0, taken);
        Bytes += taken.Bytes;
        Link(kept);
        return taken.Bytes;
    }

    /// <inheritdoc/>
    public bool TryGet(LayerKey layer, int beforeStep, [NotNullWhen(true)] out Checkpoint? checkpoint) =>
        TryFind(layer, beforeStep, static kept => kept.IsIntact(), out checkpoint);

    /// <inheritdoc/>
    public bool TryOpen(LayerKey layer, int beforeStep, [NotNullWhen(true)] out Checkpoint? checkpoint) =>
        TryFind(layer, beforeStep, static kept => kept.HasItsScales(), out checkpoint);

    /// <inheritdoc/>
    public bool Drop(LayerKey layer)
    {
        var known = Damaged;
        if (_layers.TryGetValue(layer, out var kept))
            Verify(kept, static checkpoint => !checkpoint.IsDamaged);
        return Damaged > known;
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

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var checkpoint in _layers.Values.SelectMany(kept => kept))
            checkpoint.Release();
        _layers.Clear();
        Bytes = 0;
    }

    private bool TryFind(LayerKey layer, int beforeStep, Func<Checkpoint, bool> isSound, [NotNullWhen(true)] out Checkpoint? checkpoint)
    {
        checkpoint = null;
        if (!_layers.TryGetValue(layer, out var kept))
            return false;
        if (kept[0] is { IsLive: true } last && last.Step >= beforeStep)
            return false;
        Verify(kept, isSound);
        checkpoint = kept.Find(known => known.IsLive);
        return checkpoint is not null;
    }

    /// <summary>Drops what is not what was saved.</summary>
    private void Verify(List<Checkpoint> kept, Func<Checkpoint, bool> isSound)
    {
        var damaged = 0;
        foreach (var checkpoint in kept)
        {
            if (!checkpoint.IsLive || isSound(checkpoint))
                continue;
            damaged++;
            Bytes -= checkpoint.Bytes;
            checkpoint.Forget();
        }

        if (damaged > 0)
            Link(kept);
        Damaged += damaged;
    }

    /// <summary>Each live one to the next older live one.</summary>
    private static void Link(List<Checkpoint> kept)
    {
        Checkpoint? earlier = null;
        for (var i = kept.Count - 1; i >= 0; i--)
        {
            if (!kept[i].IsLive)
                continue;
            kept[i].Earlier = earlier;
            earlier = kept[i];
        }
    }
}
