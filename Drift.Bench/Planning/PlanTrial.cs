using System.Text.Json.Serialization;

namespace Drift.Bench;

/// <summary>A policy as it did on some pictures.</summary>
/// <param name="Policy">The policy.</param>
/// <param name="Qualities">The budget's metric of each picture, against its nominal one. Measured.</param>
/// <param name="Cost">What the pictures cost. Modelled.</param>
internal sealed record PlanTrial(PolicyFile Policy, IReadOnlyList<double> Qualities, RelativeCost Cost)
{
    /// <summary>Mean quality.</summary>
    [JsonIgnore]
    public double Quality => Qualities.Average();
}
