using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Drift.Abft;
using Drift.Kernels;

namespace Drift.Bench;

/// <summary>A store whose work is timed.</summary>
/// <param name="inner">Does the work; disposed with this.</param>
/// <param name="spent">Told the seconds of each save (true) and each look (false).</param>
internal sealed class TimedStore(ICheckpointStore inner, Action<bool, double> spent) : ICheckpointStore
{
    /// <inheritdoc/>
    public int Depth
    {
        get => inner.Depth;
        set => inner.Depth = value;
    }

    /// <inheritdoc/>
    public long Bytes => inner.Bytes;

    /// <inheritdoc/>
    public int Damaged => inner.Damaged;

    /// <inheritdoc/>
    public long Save(LayerKey layer, int step, LayerOutput output)
    {
        var start = Stopwatch.GetTimestamp();
        var bytes = inner.Save(layer, step, output);
        spent(true, Stopwatch.GetElapsedTime(start).TotalSeconds);
        return bytes;
    }

    /// <inheritdoc/>
    public bool TryGet(LayerKey layer, int beforeStep, [NotNullWhen(true)] out Checkpoint? checkpoint)
    {
        var start = Stopwatch.GetTimestamp();
        var found = inner.TryGet(layer, beforeStep, out checkpoint);
        spent(false, Stopwatch.GetElapsedTime(start).TotalSeconds);
        return found;
    }

    /// <inheritdoc/>
    public bool TryOpen(LayerKey layer, int beforeStep, [NotNullWhen(true)] out Checkpoint? checkpoint)
    {
        var start = Stopwatch.GetTimestamp();
        var found = inner.TryOpen(layer, beforeStep, out checkpoint);
        spent(false, Stopwatch.GetElapsedTime(start).TotalSeconds);
        return found;
    }

    /// <inheritdoc/>
    public bool Drop(LayerKey layer) => inner.Drop(layer);

    /// <inheritdoc/>
    public void Clear() => inner.Clear();

    /// <inheritdoc/>
    public void Dispose() => inner.Dispose();
}
