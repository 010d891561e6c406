namespace Drift.Bench;

/// <summary>How old a checkpoint may be.</summary>
internal sealed class AblationInterval : DamageTable
{
    /// <inheritdoc/>
    public override string Id => "ablation-interval";

    /// <inheritdoc/>
    public override string Title => "Checkpoint intervals";

    /// <inheritdoc/>
    public override string About => "DRIFT with other numbers of steps from one checkpoint to the next. The fresher the checkpoint, the closer the value that a masked element takes.";

    /// <inheritdoc/>
    protected override string OrderClaim => "The longer the interval, the worse at high rates";

    /// <inheritdoc/>
    protected override IReadOnlyList<DamageSeries> Series(TrainedModel model, IReadOnlyList<string> names) => [.. names.Select(name => new DamageSeries(name, name,
        place => new Trial(model.Strategy(() => model.Schedule(Faulty), model.Protect("rollback", interval: Number(name))), At(place))))];
}
