using System.Text.Json;
using System.Text.Json.Serialization;

namespace Drift.Kernels.Ilgpu;

/// <summary>
/// What was found best for the devices of this machine, keyed by device and driver: a new driver starts from what is shipped. The file appears whole or not at all; one that cannot be read
/// counts as empty and is made anew when something is kept.
/// </summary>
/// <param name="path">The file; null where this user has no folder for such.</param>
internal sealed class TuningFile(string? path)
{
    /// <summary>Names another file.</summary>
    public const string Variable = "DRIFT_TUNING";

    private const int LargestGroup = 1024;

    private static readonly JsonSerializerOptions Format = new() { WriteIndented = true, Converters = { new JsonStringEnumConverter() } };

    /// <summary>Where it is; null for nowhere.</summary>
    public string? Path => path;

    /// <summary>This user's.</summary>
    public static TuningFile OfUser()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named)
            return new(named);
        var folder = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData);
        return new(folder.Length == 0 ? null : System.IO.Path.Combine(folder, "drift", "devices.json"));
    }

    /// <summary>What was kept for a device.</summary>
    /// <param name="device">Device and driver.</param>
    /// <returns>Null where there is nothing.</returns>
    public DeviceTuning? Find(string device) => Read().GetValueOrDefault(device) is { GroupSize: >= 1 and <= LargestGroup } kept && Enum.IsDefined(kept.Float) ? kept : null;

    /// <summary>Keeps a choice.</summary>
    /// <param name="device">Device and driver.</param>
    /// <param name="tuning">What is best.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written.</exception>
    public void Keep(string device, DeviceTuning tuning)
    {
        if (path is null)
            return;
        var all = Read();
        all[device] = tuning;
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!);
        var partial = $"{path}.partial-{Environment.ProcessId}";
        try
        {
            File.WriteAllBytes(partial, JsonSerializer.SerializeToUtf8Bytes(all, Format));
            File.Move(partial, path, true);
        }
        finally
        {
            File.Delete(partial);
        }
    }

    private SortedDictionary<string, DeviceTuning> Read()
    {
        try
        {
            if (path is not null && File.Exists(path))
                return new(JsonSerializer.Deserialize<Dictionary<string, DeviceTuning>>(File.ReadAllBytes(path), Format) ?? [], StringComparer.Ordinal);
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            // What cannot be read is what a search would find again.
        }

        return new(StringComparer.Ordinal);
    }
}
