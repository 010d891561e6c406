using System.Text.Json;

namespace Drift.Bench;

/// <summary>A diffusers pipeline on disk, found by name or by path.</summary>
/// <param name="Name">The folder's own name.</param>
/// <param name="Path">Where it lies.</param>
/// <param name="Labels">Class names by class number, from model_index.json; empty where it has none.</param>
internal sealed record ModelFolder(string Name, string Path, IReadOnlyList<string> Labels)
{
    private const string Index = "model_index.json";

    /// <summary>Names of the models that Drift ships.</summary>
    public static IReadOnlyList<string> Shipped() => Shipped(DataFolder.At("models"));

    /// <summary>Finds a model.</summary>
    /// <param name="nameOrPath">A shipped model's name, or a folder.</param>
    /// <exception cref="UserErrorException">There is no such model; the message lists those that exist.</exception>
    public static ModelFolder Find(string nameOrPath)
    {
        var models = DataFolder.At("models");
        var names = Shipped(models);
        var path = names.Contains(nameOrPath) ? System.IO.Path.Combine(models, nameOrPath) : nameOrPath;
        if (!Directory.Exists(path))
            throw new UserErrorException($"--model: no model or folder is called '{nameOrPath}'; the shipped models are {string.Join(", ", names)}");
        var index = System.IO.Path.Combine(path, Index);
        if (!File.Exists(index))
            throw new UserErrorException($"--model: {path} has no {Index}; expected a diffusers pipeline folder");
        var full = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path));
        return new ModelFolder(System.IO.Path.GetFileName(full), full, ReadLabels(index));
    }

    private static List<string> Shipped(string models) =>
        [.. Directory.EnumerateDirectories(models).Where(folder => File.Exists(System.IO.Path.Combine(folder, Index)))
            .Select(folder => System.IO.Path.GetFileName(folder)).Order(StringComparer.Ordinal)];

    private static string[] ReadLabels(string index)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(index));
            if (!document.RootElement.TryGetProperty("id2label", out var map))
                return [];
            var labels = new string[map.EnumerateObject().Count()];
            foreach (var label in map.EnumerateObject())
                labels[int.Parse(label.Name)] = label.Value.GetString()!;
            return labels;
        }
        catch (Exception exception) when (exception is JsonException or FormatException or IndexOutOfRangeException or InvalidOperationException)
        {
            throw new UserErrorException($"{index}: expected JSON whose id2label maps 0, 1, 2, ... to names", exception);
        }
    }
}
