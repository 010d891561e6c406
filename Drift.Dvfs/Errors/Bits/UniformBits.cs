namespace Drift.Dvfs;

/// <summary>The paper's profile: every bit of 0..30 alike, the sign never (DRIFT, experiment settings).</summary>
public sealed class UniformBits : IBitProfile
{
    private static readonly IReadOnlyList<double> Weights = [.. Enumerable.Repeat(1.0, 31)];

    /// <inheritdoc/>
    public IReadOnlyList<double> WeightsAt(OperatingPoint point) => Weights;
}
