namespace Drift.Bench;

/// <summary>A class-conditional pipeline in fp32, from the case's latents to its picture.</summary>
internal sealed class PipelineCase(string name, string folder, string io, string list, PipelineCaseEntry entry) : VerificationCase(name, io, list)
{
    /// <inheritdoc/>
    public override IEnumerable<OutputCheck> Run(VerificationSetting setting) => [OutputCheck.NotYet($"{folder} {entry.Model}")];
}
