using Drift.Dvfs;

namespace Drift.Bench;

/// <summary>Damage against the voltage under the rivals and DRIFT.</summary>
internal sealed class QualityVsVoltage : DamageTable
{
    private const string Quantity = "volts";

    /// <inheritdoc/>
    public override string Id => "quality-vs-voltage";

    /// <inheritdoc/>
    public override string Title => "Damage against the voltage";

    /// <inheritdoc/>
    public override string About => "At 2 GHz, at the voltages that the paper gives for its rates. Its LPIPS is quoted against those rates; ours runs at the rate that its table of voltages has there.";

    /// <inheritdoc/>
    protected override string QuotedFile => "ablation-method";

    /// <inheritdoc/>
    protected override string OrderClaim => "At equal voltage DRIFT is best, the rivals behind it, no protection last";

    /// <inheritdoc/>
    protected override DamageAxis Axis(Budget budget) => OperatingAxis.Of(budget, "rate-to-voltage", Quantity, "voltage, V");

    /// <inheritdoc/>
    protected override IReadOnlyList<DamageSeries> Series(TrainedModel model, IReadOnlyList<string> names) =>
        OperatingAxis.Series(model, names, volts => OperatingPoint.Nominal with { Voltage = new Volts(volts) });
}
