using Drift.Dvfs;

namespace Drift.Bench;

/// <summary>Damage against the voltage under the rivals, DRIFT and what <c>drift plan</c> found.</summary>
internal sealed class QualityVsVoltage : DamageTable
{
    private const string Quantity = "volts", Searched = "searched policy";

    /// <inheritdoc/>
    public override string Id => "quality-vs-voltage";

    /// <inheritdoc/>
    public override string Title => "Damage against the voltage";

    /// <inheritdoc/>
    public override string About => "At 2 GHz, at the voltages that the paper gives for its rates. Its LPIPS is quoted against those rates; ours runs at the rate that its table of voltages has there. The searched policy is that of data/policies, with every point that it undervolts at the row's voltage; the paper has none.";

    /// <inheritdoc/>
    protected override string QuotedFile => "ablation-method";

    /// <inheritdoc/>
    protected override string OrderClaim => "At equal voltage DRIFT is best, the rivals behind it, no protection last";

    /// <inheritdoc/>
    protected override DamageAxis Axis(Budget budget) => OperatingAxis.Of(budget, "rate-to-voltage", Quantity, "voltage, V");

    /// <inheritdoc/>
    protected override IReadOnlyList<DamageSeries> Series(TrainedModel model, IReadOnlyList<string> names)
    {
        var methods = OperatingAxis.Series(model, names, volts => OperatingPoint.Nominal with { Voltage = new Volts(volts) });
        if (SearchedPolicies.For(model.Name, model.Steps) is not { } policy)
            return methods;
        var rates = FaultOptions.Standard.OpenRates(null);
        return [.. methods, new DamageSeries(Searched, $"{policy.Protection}, safe where the search left it safe", place => new Trial(model.Strategy(policy.At(new Volts(place.X)), rates), new ErrorModel(rates)))];
    }
}
