using System.Collections.Concurrent;
using Drift.Kernels;

namespace Drift.Dvfs;

/// <summary>An error model put together: how often, in which bit, and how hits lie together.</summary>
/// <param name="rates">How often.</param>
/// <param name="bits">In which bit; null for the paper's profile, bits 0..30 alike.</param>
/// <param name="pattern">How hits lie together; null where each element is hit on its own.</param>
public sealed class ErrorModel(IErrorRates rates, IBitProfile? bits = null, IFaultPattern? pattern = null) : IErrorModel
{
    private readonly ConcurrentDictionary<(OperatingPoint Point, int Depth), BitErrorProfile> _profiles = [];
    private readonly IBitProfile _bits = bits ?? new UniformBits();

    /// <inheritdoc/>
    public BitErrorProfile At(OperatingPoint point, int depth)
    {
        var rate = rates.At(point);
        // Only a rate per MAC depends on the depth: one profile serves all layers otherwise.
        return _profiles.GetOrAdd((point, rate.Unit == RateUnit.PerMac ? depth : 1), static (key, it) => it.Model.Profile(key.Point, key.Depth, it.Rate), (Model: this, Rate: rate));
    }

    private BitErrorProfile Profile(OperatingPoint point, int depth, ErrorRate rate)
    {
        var weights = _bits.WeightsAt(point);
        var perElement = rate.To(RateUnit.PerElement, depth, weights.Count(weight => weight > 0));
        return new BitErrorProfile(perElement.Value, weights.ToArray()) { Pattern = pattern };
    }
}
