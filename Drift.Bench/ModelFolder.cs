using System.Globalization;
using Drift.Models;

namespace Drift.Bench;

/// <summary>A diffusers pipeline on disk, found by name or by path.</summary>
/// <param name="Name">The folder's own name.</param>
/// <param name="Path">Where it lies.</param>
/// <param name="Kind">Its pipeline.</param>
/// <param name="Labels">Class names by class number, from model_index.json; empty where it has none.</param>
/// <param name="Defaults">What is drawn, and how, where the command line does not say.</param>
internal sealed record ModelFolder(string Name, string Path, PipelineKind Kind, IReadOnlyList<string> Labels, ModelDefaults Defaults)
{
    private const string Index = "model_index.json", Labelling = "id2label";

    /// <summary>What it draws where nobody says: its own prompts, or every class; empty where it names none.</summary>
    public IReadOnlyList<Subject> Subjects => Kind.TakesPrompts
        ? [.. Defaults.Prompts.Select(prompt => new PromptSubject(prompt))]
        : [.. Enumerable.Range(0, Labels.Count).Select(label => new ClassSubject(label))];

    /// <summary>Names of the models that Drift ships.</summary>
    public static IReadOnlyList<string> Shipped() => Shipped(DataFolder.At("models"));

    /// <summary>Finds a model.</summary>
    /// <param name="nameOrPath">A shipped model's name, or a folder.</param>
    /// <param name="option">What names it on the command line, for complaints.</param>
    /// <exception cref="UserErrorException">There is no such model; the message lists those that exist.</exception>
    /// <exception cref="ModelFormatException">Its model_index.json is unsound, or names a pipeline that is not supported.</exception>
    public static ModelFolder Find(string nameOrPath, string option = "--model")
    {
        var models = DataFolder.At("models");
        var names = Shipped(models);
        var path = names.Contains(nameOrPath) ? System.IO.Path.Combine(models, nameOrPath) : nameOrPath;
        if (!Directory.Exists(path))
            throw new UserErrorException($"{option}: no model or folder is called '{nameOrPath}'; the shipped models are {string.Join(", ", names)}");
        var index = System.IO.Path.Combine(path, Index);
        if (!File.Exists(index))
            throw new UserErrorException($"{option}: {path} has no {Index}; expected a diffusers pipeline folder");
        var full = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path));
        var config = ModelConfig.Read(index);
        var kind = PipelineCatalog.Find(config);
        return new ModelFolder(System.IO.Path.GetFileName(full), full, kind, ReadLabels(config), ModelDefaults.Read(full, kind));
    }

    private static List<string> Shipped(string models) =>
        [.. Directory.EnumerateDirectories(models).Where(folder => File.Exists(System.IO.Path.Combine(folder, Index)))
            .Select(folder => System.IO.Path.GetFileName(folder)).Order(StringComparer.Ordinal)];

    private static string[] ReadLabels(ModelConfig index)
    {
        if (!index.Has(Labelling))
            return [];
        var names = index.TextMap(Labelling);
        return [.. Enumerable.Range(0, names.Count).Select(label => names.TryGetValue(label.ToString(CultureInfo.InvariantCulture), out var name) ? name
            : throw index.Refuse(Labelling, $"{names.Count} names without a number {label}", $"the numbers 0 to {names.Count - 1}"))];
    }
}
