using System.Globalization;

namespace Drift.Bench;

/// <summary>Which steps matter: faults in one group of steps alone.</summary>
internal sealed class SensitivityStep : DamageTable
{
    /// <inheritdoc/>
    public override string Id => "sensitivity-step";

    /// <inheritdoc/>
    public override string Title => "Faults in a few steps";

    /// <inheritdoc/>
    public override string About => "Faults in three neighbouring steps of fifty, in every guarded layer, without protection.";

    /// <inheritdoc/>
    protected override string OrderClaim => "The earlier the steps, the worse";

    /// <inheritdoc/>
    protected override IReadOnlyList<DamageSeries> Series(TrainedModel model, IReadOnlyList<string> names) => [.. names.Select(name =>
    {
        var ends = name["steps ".Length..].Split('-').Select(text => int.Parse(text, CultureInfo.InvariantCulture)).ToArray();
        return new DamageSeries(name, name, Only(model, site => site.Step >= ends[0] && site.Step <= ends[1]));
    })];
}
