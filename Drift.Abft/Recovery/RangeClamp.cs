using System.Collections.Concurrent;
using Drift.Kernels;

namespace Drift.Abft;

/// <summary>Smallest and largest output of each layer, seen in a clean run.</summary>
public sealed class RangeProfile
{
    private readonly ConcurrentDictionary<LayerKey, (float Least, float Most)> _ranges = [];

    /// <summary>Widens a layer's range to some outputs.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="values">Its outputs; finite.</param>
    public void Widen(LayerKey layer, ReadOnlySpan<float> values)
    {
        var (least, most) = (float.PositiveInfinity, float.NegativeInfinity);
        foreach (var value in values)
            (least, most) = (MathF.Min(least, value), MathF.Max(most, value));
        _ranges.AddOrUpdate(layer, (least, most), (_, range) => (MathF.Min(range.Least, least), MathF.Max(range.Most, most)));
    }

    /// <summary>A layer's range; everything where the clean run did not meet it.</summary>
    /// <param name="layer">The layer.</param>
    public (float Least, float Most) Of(LayerKey layer) => _ranges.GetValueOrDefault(layer, (float.NegativeInfinity, float.PositiveInfinity));
}

/// <summary>Range restriction: outputs are clamped to what a clean run showed of their layer (Ranger, arXiv 2003.13874). Needs no sums and finds nothing within the range.</summary>
/// <param name="profile">Filled by a clean run beforehand.</param>
public sealed class RangeClamp(RangeProfile profile) : IRecovery
{
    /// <inheritdoc/>
    public void Prepare(Finding finding, Checkpoint? checkpoint)
    {
    }

    /// <inheritdoc/>
    public Repair Mend(Finding finding, Checkpoint? checkpoint, LayerOutput output)
    {
        var (least, most) = profile.Of(output.Layer);
        var clamped = 0;
        foreach (ref var value in output.Values)
        {
            if (value >= least && value <= most)
                continue;
            value = Math.Clamp(value, least, most);
            clamped++;
        }

        return new Repair(clamped, 0);
    }
}
