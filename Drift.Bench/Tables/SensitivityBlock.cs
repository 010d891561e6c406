using Drift.Kernels;

namespace Drift.Bench;

/// <summary>Which blocks matter: faults in one block alone, or in the timestep embedding.</summary>
internal sealed class SensitivityBlock : DamageTable
{
    private const int PaperBlocks = 28;

    /// <inheritdoc/>
    public override string Id => "sensitivity-block";

    /// <inheritdoc/>
    public override string Title => "Faults in one block";

    /// <inheritdoc/>
    public override string About => "Faults in one block at every step, without protection. A block of DiT-XL/2's 28 stands beside the one at the same depth of the small model. For the timestep embedding its layers run in INT8 too, and the pictures are held against a clean run of that kind.";

    /// <inheritdoc/>
    protected override string OrderClaim => "The first block and the embedding are worse than the rest";

    /// <inheritdoc/>
    protected override IReadOnlyList<DamageSeries> Series(TrainedModel model, IReadOnlyList<string> names) => [.. names.Select(name => name.StartsWith("block ", StringComparison.Ordinal)
        ? Block(model, name, (int)Math.Round((double)Number(name) * model.Blocks / PaperBlocks))
        : Embedding(model, name))];

    private static DamageSeries Block(TrainedModel model, string name, int block) => new(name, $"block {block} of {model.Blocks}", Only(model, site => site.Block == block));

    private static DamageSeries Embedding(TrainedModel model, string name)
    {
        var inside = Only(model, site => site.Role == GemmRole.TimestepEmbedding);
        Trial Covered(Trial trial) => trial with { Strategy = trial.Strategy with { Covers = layer => model.Kind.Guards(layer) || layer.Role == GemmRole.TimestepEmbedding } };
        return new DamageSeries(name, "timestep embedding", place => Covered(inside(place))) { Reference = Covered(model.Nominal) };
    }
}
