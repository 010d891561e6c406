using Drift.Models;

namespace Drift.Bench;

/// <summary>What is drawn, and how, where the command line does not say: drift.json beside a model's model_index.json, and what its pipeline has for the rest.</summary>
/// <param name="Steps">Sampling steps.</param>
/// <param name="Guidance">Classifier-free guidance; 1 for none.</param>
/// <param name="TextTokens">Tokens that prompts are cut and padded to; null for the pipeline's own number.</param>
/// <param name="Prompts">What pictures show in turn; empty for a model that draws classes or names none.</param>
internal sealed record ModelDefaults(int Steps, double Guidance, int? TextTokens, IReadOnlyList<string> Prompts)
{
    /// <summary>Folder of the CLIP that scores its pictures against their prompts; null for none.</summary>
    public string? Clip { get; init; }

    /// <summary>Name of the file.</summary>
    public const string FileName = "drift.json";

    /// <summary>How a picture is sampled. Commands get their settings here and nowhere else, so that what only the model knows always holds.</summary>
    /// <param name="steps">What the user asks for; null for the model's own.</param>
    /// <param name="guidance">Likewise.</param>
    public SamplingSettings Sampling(int? steps = null, double? guidance = null) => new(steps ?? Steps, guidance ?? Guidance) { TextTokens = TextTokens };

    /// <summary>Reads them.</summary>
    /// <param name="folder">The model's folder, with such a file or without.</param>
    /// <param name="kind">Its pipeline.</param>
    /// <exception cref="ModelFormatException">The file is unsound.</exception>
    public static ModelDefaults Read(string folder, PipelineKind kind)
    {
        var (steps, guidance, path) = (kind.Standard.Steps, kind.Standard.Guidance, Path.Combine(folder, FileName));
        if (!File.Exists(path))
            return new ModelDefaults(steps, guidance, null, []);
        var config = ModelConfig.Read(path);
        config.RequireOnly("steps", "guidance", "textTokens", "prompts", "clip");
        return new ModelDefaults(config.Integer("steps", steps, most: 1000), config.Number("guidance", guidance, 0, 100), config.OptionalInteger("textTokens"), config.Texts("prompts", []))
        {
            Clip = config.Has("clip") ? Beside(config, folder) : null,
        };
    }

    /// <summary>A folder beside the model's, by its plain name: a path could lead anywhere.</summary>
    private static string Beside(ModelConfig config, string folder)
    {
        var name = config.RequiredText("clip");
        return name.Length > 0 && name == Path.GetFileName(name) && name != ".." ? Path.Combine(Path.GetDirectoryName(folder)!, name)
            : throw config.Refuse("clip", $"'{name}'", "the plain name of a folder beside the model's");
    }
}
