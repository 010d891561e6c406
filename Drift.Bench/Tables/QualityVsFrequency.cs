using Drift.Dvfs;

namespace Drift.Bench;

/// <summary>Damage against the clock under the rivals and DRIFT.</summary>
internal sealed class QualityVsFrequency : DamageTable
{
    private const string Quantity = "gigahertz";

    /// <inheritdoc/>
    public override string Id => "quality-vs-frequency";

    /// <inheritdoc/>
    public override string Title => "Damage against the clock";

    /// <inheritdoc/>
    public override string About => "At 0.9 V, at the clocks that the paper gives for its rates; its LPIPS is quoted against those rates.";

    /// <inheritdoc/>
    protected override string QuotedFile => "ablation-method";

    /// <inheritdoc/>
    protected override string OrderClaim => "At an equal clock DRIFT is best, the rivals behind it, no protection last";

    /// <inheritdoc/>
    protected override DamageAxis Axis(Budget budget) => OperatingAxis.Of(budget, "rate-to-frequency", Quantity, "clock, GHz");

    /// <inheritdoc/>
    protected override IReadOnlyList<DamageSeries> Series(TrainedModel model, IReadOnlyList<string> names) =>
        OperatingAxis.Series(model, names, gigahertz => OperatingPoint.Nominal with { Frequency = Hertz.FromGigahertz(gigahertz) });
}
