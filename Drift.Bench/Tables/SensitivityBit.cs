using Drift.Dvfs;

namespace Drift.Bench;

/// <summary>Which bits matter: flips in one bit of the accumulators alone.</summary>
internal sealed class SensitivityBit : DamageTable
{
    /// <inheritdoc/>
    public override string Id => "sensitivity-bit";

    /// <inheritdoc/>
    public override string Title => "Flips in one bit";

    /// <inheritdoc/>
    public override string About => "Every hit inverts the same bit of the INT32 accumulator, at every step and in every guarded layer, without protection. The small model sums 128 to 512 products where DiT-XL/2 sums 1,152 to 4,608, so its accumulators are smaller and its critical bits may lie elsewhere.";

    /// <inheritdoc/>
    protected override string OrderClaim => "The higher the bit, the worse";

    /// <inheritdoc/>
    protected override IReadOnlyList<DamageSeries> Series(TrainedModel model, IReadOnlyList<string> names) =>
        [.. names.Select(name => new DamageSeries(name, name, Only(model, _ => true, new SingleBit(Number(name)))))];
}
