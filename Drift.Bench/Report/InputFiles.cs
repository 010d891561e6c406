using System.Security.Cryptography;
using System.Text.Json.Serialization;

namespace Drift.Bench;

/// <summary>The files that a run read, as run.json records them: enough to tell whether a replay reads the same.</summary>
/// <param name="Model">The model's folder: full path, or data/... for one that ships with Drift.</param>
/// <param name="ModelDigests">SHA-256 of each of its settings, weights and vocabularies, by path within the folder.</param>
/// <param name="OperatingPoints">The table of error rates, named alike; null for a run without faults.</param>
/// <param name="OperatingPointsDigest">Its SHA-256.</param>
/// <param name="Energy">The energies that work was charged at, named alike; null where nothing was charged.</param>
/// <param name="EnergyDigest">Their SHA-256.</param>
internal sealed record InputFiles(
    string Model, IReadOnlyDictionary<string, string> ModelDigests, string? OperatingPoints, string? OperatingPointsDigest, string? Energy, string? EnergyDigest)
{
    /// <summary>SHA-256 of what else was read, by path: a bit profile of the user's own, a CLIP that scores pictures; null for nothing.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, string>? Others { get; init; }

    /// <summary>The settings that name a bit profile, and a folder of a CLIP.</summary>
    public const string BitsSetting = "bitProfile", ClipSetting = "clip";

    /// <summary>The setting that names a set of energies.</summary>
    public const string EnergySetting = "energy";

    /// <summary>The setting that names a table of error rates.</summary>
    public const string PointsSetting = "operatingPoints";

    /// <summary>Reads what a run read once more.</summary>
    /// <param name="model">The model.</param>
    /// <param name="settings">The run's settings by name.</param>
    public static InputFiles Of(ModelFolder model, IReadOnlyDictionary<string, object?> settings)
    {
        var digests = Read(model.Path).ToDictionary(file => Path.GetRelativePath(model.Path, file).Replace(Path.DirectorySeparatorChar, '/'), Digest);
        string[] others = [.. FileOf(settings, BitsSetting), .. settings.GetValueOrDefault(ClipSetting) is string clip ? Read(clip) : []];
        var points = settings.TryGetValue(PointsSetting, out var given) ? Path.GetFullPath((string?)given ?? DataFolder.At("operating-points", "paper.csv")) : null;
        var energy = settings.TryGetValue(EnergySetting, out var named) ? Path.GetFullPath(EnergyFile.Find((string)named!)) : null;
        return new InputFiles(Named(model.Path), digests, points is null ? null : Named(points), points is null ? null : Digest(points),
            energy is null ? null : Named(energy), energy is null ? null : Digest(energy))
        {
            Others = others.Length == 0 ? null : others.ToDictionary(file => Named(Path.GetFullPath(file)), Digest),
        };
    }

    /// <summary>The files of a model's folder that are read.</summary>
    private static IEnumerable<string> Read(string folder) => Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
        .Where(file => Path.GetExtension(file) is ".json" or ".safetensors" or ".model" or ".txt").Order(StringComparer.Ordinal);

    /// <summary>A setting that may be a name or a file.</summary>
    private static string[] FileOf(IReadOnlyDictionary<string, object?> settings, string name) => settings.GetValueOrDefault(name) is string given && File.Exists(given) ? [given] : [];

    private static string Named(string path)
    {
        var inside = Path.GetRelativePath(DataFolder.At(), path);
        return inside.StartsWith("..", StringComparison.Ordinal) || Path.IsPathRooted(inside) ? path : $"data/{inside.Replace(Path.DirectorySeparatorChar, '/')}";
    }

    private static string Digest(string file)
    {
        using var stream = File.OpenRead(file);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }
}
