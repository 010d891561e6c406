namespace Drift.Bench;

/// <summary>How large a checksum tile may be.</summary>
internal sealed class AblationArray : DamageTable
{
    /// <inheritdoc/>
    public override string Id => "ablation-array";

    /// <inheritdoc/>
    public override string Title => "Arrays of other edges";

    /// <inheritdoc/>
    public override string About => "DRIFT with checksum tiles of other edges: a tile is as large as the array. The larger the tile, the more sound elements its mask takes.";

    /// <inheritdoc/>
    protected override string OrderClaim => "The larger the array, the worse";

    /// <inheritdoc/>
    protected override IReadOnlyList<DamageSeries> Series(TrainedModel model, IReadOnlyList<string> names) => [.. names.Select(name => new DamageSeries(name, name,
        place => new Trial(model.Strategy(() => model.Schedule(Faulty), model.Protect("rollback", tile: Number(name))), At(place))))];
}
