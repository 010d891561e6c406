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
/// <param name="Labels">Class of each picture; null for a pipeline that draws prompts.</param>
/// <param name="Prompts">Text of each picture; null for one that draws classes.</param>
/// <param name="Negative">What guidance leads away from.</param>
/// <param name="Steps">Sampling steps.</param>
/// <param name="Guidance">Classifier-free guidance; 1 for none.</param>
/// <param name="Tokens">Tokens of every text; null for the pipeline's own number.</param>
internal sealed record PipelineCaseEntry(
    [property: JsonRequired] string Model,
    [property: JsonRequired] string Pipeline,
    int[]? Labels = null,
    string[]? Prompts = null,
    string Negative = "",
    int Steps = 1,
    double Guidance = 1,
    [property: JsonPropertyName("max_length")] int? Tokens = null)
{
    /// <summary>How the pictures were sampled: the script that makes these cases mixes both halves at any weight.</summary>
    public SamplingSettings Settings => new(Steps, Guidance) { TextTokens = Tokens, GuidesBelowOne = true };

    /// <summary>The pictures. Their noise is the case's own.</summary>
    public IReadOnlyList<PictureRequest> Pictures =>
        [.. (Labels ?? []).Select(label => new PictureRequest(0, label)), .. (Prompts ?? []).Select(prompt => new PictureRequest(0, new PromptSubject(prompt, Negative)))];

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

        // Not every model that ships is a pipeline: CLIP is a network.
        var shipped = DataFolder.At("models", Model);
        return Directory.Exists(shipped) ? shipped : ModelFolder.Find(Model).Path;
    }
}
