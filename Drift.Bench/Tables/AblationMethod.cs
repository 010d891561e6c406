namespace Drift.Bench;

/// <summary>What each part of the method adds, and what its rivals do.</summary>
internal sealed class AblationMethod : DamageTable
{
    /// <inheritdoc/>
    public override string Id => "ablation-method";

    /// <inheritdoc/>
    public override string Title => "Methods";

    /// <inheritdoc/>
    public override string About => "No protection; rollback at every step; DRIFT, which adds two safe steps; ThUnderVolt, which zeroes accumulators from 2^18 up; ApproxABFT, which zeroes what lines deviating by 2^12 mask.";

    /// <inheritdoc/>
    protected override string OrderClaim => "DRIFT is best, rollback second, the rivals behind them, no protection last";

    /// <inheritdoc/>
    protected override IReadOnlyList<DamageSeries> Series(TrainedModel model, IReadOnlyList<string> names) =>
        [.. names.Select(name => new DamageSeries(name, Methods.Here(name), place => new Trial(Methods.Of(model, name, Faulty), At(place))))];
}
