namespace Drift.Bench;

/// <summary>From which deviation a line is flagged.</summary>
internal sealed class AblationThreshold : DamageTable
{
    /// <inheritdoc/>
    public override string Id => "ablation-threshold";

    /// <inheritdoc/>
    public override string Title => "Thresholds";

    /// <inheritdoc/>
    public override string About => "DRIFT with other least deviations that flag a line. The lower the threshold, the more is mended; the higher, the more stays.";

    /// <inheritdoc/>
    protected override string OrderClaim => "Beyond 2^10 a higher threshold is worse at low rates";

    /// <inheritdoc/>
    protected override IReadOnlyList<DamageSeries> Series(TrainedModel model, IReadOnlyList<string> names) => [.. names.Select(name => new DamageSeries(name, name,
        place => new Trial(model.Strategy(() => model.Schedule(Faulty), model.Protect("rollback", threshold: 1 << Number(name))), At(place))))];
}
