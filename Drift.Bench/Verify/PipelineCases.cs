using System.Text.Json.Serialization;
using Drift.Models;

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
        if (entry.Pipeline == "CLIPModel")
            return [new ClipPipelineCase(label, folder, io, list, entry)];
        return PipelineCatalog.Names.Contains(entry.Pipeline)
            ? [new PipelineCase(label, folder, io, list, entry)]
            : [new UnsupportedCase(label, $"pipeline {entry.Pipeline}", io, list)];
    }
}

/// <summary>What case.json says.</summary>
/// <param name="Model">Name of the model's folder.</param>
/// <param name="Pipeline">Its class.</param>
/// <param name="Labels">Class of each picture, where the pipeline draws classes.</param>
/// <param name="Prompts">Text of each picture, where it draws those.</param>
/// <param name="Negative">What guidance leads away from.</param>
/// <param name="MaxLength">Tokens of a text; null for as many as the pipeline has.</param>
/// <param name="Steps">Sampling steps.</param>
/// <param name="Guidance">Classifier-free guidance; 1 for none.</param>
internal sealed record PipelineCaseEntry(
    [property: JsonRequired] string Model,
    [property: JsonRequired] string Pipeline,
    int[]? Labels = null,
    string[]? Prompts = null,
    string Negative = "",
    [property: JsonPropertyName("max_length")] int? MaxLength = null,
    int Steps = 1,
    double Guidance = 1)
{
    /// <summary>What the pictures show.</summary>
    public IReadOnlyList<Subject> Subjects =>
        Prompts is not null ? [.. Prompts.Select(prompt => new PromptSubject(prompt, Negative))] : [.. (Labels ?? []).Select(label => new ClassSubject(label))];

    /// <summary>The model that the case names: in a folder models beside any folder above the case, else a shipped one.</summary>
    /// <param name="folder">The case's folder.</param>
    public string ModelPath(string folder)
    {
        for (var above = new DirectoryInfo(folder).Parent; above is not null; above = above.Parent)
        {
            var path = Path.Combine(above.FullName, "models", Model);
            if (Directory.Exists(path))
                return path;
        }

        return ModelFolder.Find(Model).Path;
    }
}
