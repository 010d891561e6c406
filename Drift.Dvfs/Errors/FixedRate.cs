namespace Drift.Dvfs;

/// <summary>
/// One rate at every point but the nominal one, whatever its voltage: for sweeps over the rate itself. The nominal point stays safe, so that a policy can
/// still protect steps.
/// </summary>
public sealed class FixedRate : IErrorRates
{
    private readonly ErrorRate _rate;

    /// <summary>A rate.</summary>
    /// <param name="rate">Probability of a hit, 0..1.</param>
    /// <param name="unit">What it counts.</param>
    /// <exception cref="ArgumentException">The rate lies outside 0..1.</exception>
    public FixedRate(double rate, RateUnit unit = RateUnit.PerElement) => _rate = rate is >= 0 and <= 1
        ? new ErrorRate(rate, unit)
        : throw new ArgumentException($"an error rate lies between 0 and 1, not {rate}", nameof(rate));

    /// <inheritdoc/>
    public string Name => "fixed rate";

    /// <inheritdoc/>
    public string Covered => "any point";

    /// <inheritdoc/>
    public ErrorRate? Find(OperatingPoint point) => point == OperatingPoint.Nominal ? _rate with { Value = 0 } : _rate;
}
