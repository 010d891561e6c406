using System.Security.Cryptography;

namespace Drift.Bench;

/// <summary>The files that a run read, as run.json records them: enough to tell whether a replay reads the same.</summary>
/// <param name="Model">The model's folder, full path.</param>
/// <param name="ModelDigests">SHA-256 of each of its settings and weights, by path within the folder.</param>
/// <param name="OperatingPoints">The table of error rates, full path; null for a run without faults.</param>
/// <param name="OperatingPointsDigest">Its SHA-256.</param>
internal sealed record InputFiles(string Model, IReadOnlyDictionary<string, string> ModelDigests, string? OperatingPoints, string? OperatingPointsDigest)
{
    /// <summary>The setting that names a table of error rates.</summary>
    public const string PointsSetting = "operatingPoints";

    /// <summary>Reads what a run read once more.</summary>
    /// <param name="model">The model.</param>
    /// <param name="settings">The run's settings by name.</param>
    public static InputFiles Of(ModelFolder model, IReadOnlyDictionary<string, object?> settings)
    {
        var digests = Directory.EnumerateFiles(model.Path, "*", SearchOption.AllDirectories)
            .Where(file => Path.GetExtension(file) is ".json" or ".safetensors")
            .Order(StringComparer.Ordinal)
            .ToDictionary(file => Path.GetRelativePath(model.Path, file).Replace(Path.DirectorySeparatorChar, '/'), Digest);
        var points = settings.TryGetValue(PointsSetting, out var given) ? Path.GetFullPath((string?)given ?? DataFolder.At("operating-points", "paper.csv")) : null;
        return new InputFiles(model.Path, digests, points, points is null ? null : Digest(points));
    }

    private static string Digest(string file)
    {
        using var stream = File.OpenRead(file);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }
}
