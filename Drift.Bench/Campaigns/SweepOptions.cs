namespace Drift.Bench;

/// <summary>All settings of <c>drift sweep</c>.</summary>
/// <param name="Plan">What is computed.</param>
/// <param name="Model">Its model.</param>
/// <param name="Out">The campaign's folder; null for one named after the plan.</param>
/// <param name="Backend">Name of the GEMM backend.</param>
/// <param name="Threads">Host threads.</param>
/// <param name="Json">Whether progress goes to standard output, a line of JSON a second.</param>
/// <param name="DryRun">Only says what would be done.</param>
/// <param name="Shard">Which part of the cells is computed.</param>
internal sealed record SweepOptions(CampaignPlan Plan, ModelFolder Model, string? Out, string Backend, int Threads, bool Json, bool DryRun, Shard Shard)
{
    /// <summary>Tasks of a Slurm array whose scripts are written in place of a run; null for a run.</summary>
    public int? Tasks { get; init; }

    /// <summary>Folders of shards whose trials are taken over first.</summary>
    public IReadOnlyList<string> Merge { get; init; } = [];

    /// <summary>The folder.</summary>
    public string Folder => Out ?? Path.Combine("results", $"sweep-{Plan.Hash()}");
}

/// <summary>A part of a campaign's cells: every <paramref name="Of"/>-th one. Parts are disjoint, and all of them are all cells.</summary>
/// <param name="Number">Which part, 0 first.</param>
/// <param name="Of">Number of parts.</param>
internal readonly record struct Shard(int Number, int Of)
{
    /// <summary>All cells.</summary>
    public static Shard Whole => new(0, 1);

    /// <summary>Whether a cell is in it.</summary>
    public bool Has(int cell) => cell % Of == Number;
}
