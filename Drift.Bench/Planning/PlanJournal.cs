using System.Text.Json;

namespace Drift.Bench;

/// <summary>What a plan has measured so far, a line each, beside its output: an interrupted plan goes on from there. A line that was cut off is measured again.</summary>
internal sealed class PlanJournal
{
    private static readonly JsonSerializerOptions Options = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    private readonly string _path;
    private readonly Dictionary<string, PlanTrial> _known = [];

    /// <summary>Opens a journal, or begins one.</summary>
    /// <param name="path">The file.</param>
    /// <param name="settings">What the plan was asked for, in one line: a journal of another plan is refused.</param>
    /// <exception cref="UserErrorException">The journal is of another plan, or cannot be written.</exception>
    public PlanJournal(string path, string settings)
    {
        _path = path;
        try
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!);
            var lines = File.Exists(path) ? File.ReadAllLines(path) : [];
            if (lines.Length > 0 && lines[0] != settings)
                throw new UserErrorException($"--out: {path} is the journal of a plan with other settings; expected another --out, or remove it to begin anew");
            foreach (var line in lines.Skip(1))
                Recall(line);
            File.WriteAllLines(path, [settings, .. _known.Select(entry => Line(entry.Key, entry.Value))]);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException($"--out: cannot write {path}: {exception.Message}", exception);
        }
    }

    /// <summary>Where it lies.</summary>
    public string Path => _path;

    /// <summary>What was measured of a policy on some pictures; null for nothing yet.</summary>
    public PlanTrial? Find(string pictures, PolicyFile policy) => _known.GetValueOrDefault(Key(pictures, policy));

    /// <summary>Notes what was measured.</summary>
    public void Add(string pictures, PlanTrial trial)
    {
        var key = Key(pictures, trial.Policy);
        _known[key] = trial;
        File.AppendAllLines(_path, [Line(key, trial)]);
    }

    /// <summary>Removes it: the plan is done.</summary>
    public void Delete() => File.Delete(_path);

    private void Recall(string line)
    {
        try
        {
            if (JsonSerializer.Deserialize<Entry>(line, Options) is { Key: { } key, Trial: { } trial })
                _known[key] = trial;
        }
        catch (JsonException)
        {
            // Cut off in the middle of a write: as good as absent.
        }
    }

    private static string Key(string pictures, PolicyFile policy) => $"{pictures} {JsonSerializer.Serialize(policy, Options)}";

    private static string Line(string key, PlanTrial trial) => JsonSerializer.Serialize(new Entry(key, trial), Options);

    private sealed record Entry(string Key, PlanTrial Trial);
}
