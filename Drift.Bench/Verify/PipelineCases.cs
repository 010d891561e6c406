using System.Text.Json.Serialization;

namespace Drift.Bench;

/// <summary>Whole pipelines: <c>case.json</c> and <c>io.safetensors</c>, the model elsewhere.</summary>
internal sealed class PipelineCases : ICaseKind
{
    /// <inheritdoc/>
    public IEnumerable<VerificationCase> In(string folder, string label)
    {
        string list = Path.Combine(folder, "case.json"), io = Path.Combine(folder, "io.safetensors");
        if (!File.Exists(list) || !File.Exists(io))
            return [];
        var entry = CaseFiles.Json<PipelineCaseEntry>(list);
        return entry.Pipeline == "DiTPipeline"
            ? [new PipelineCase(label, folder, io, list, entry)]
            : [new UnsupportedCase(label, $"pipeline {entry.Pipeline}", io, list)];
    }
}

/// <summary>What case.json says.</summary>
/// <param name="Model">Name of the model's folder.</param>
/// <param name="Pipeline">Its class.</param>
/// <param name="Labels">Class of each picture.</param>
/// <param name="Steps">Sampling steps.</param>
/// <param name="Guidance">Classifier-free guidance; 1 for none.</param>
internal sealed record PipelineCaseEntry(
    [property: JsonRequired] string Model,
    [property: JsonRequired] string Pipeline,
    int[]? Labels = null,
    int Steps = 1,
    double Guidance = 1);
