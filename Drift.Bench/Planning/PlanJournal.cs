using System.Text.Json;

namespace Drift.Bench;

/// <summary>A trial of a plan as its journal keeps it.</summary>
/// <param name="Run">The plan's settings and the digests of what it reads, in one line.</param>
/// <param name="Key">The pictures and the policy.</param>
/// <param name="Trial">What was measured.</param>
internal sealed record PlanNote(string Run, string Key, PlanTrial Trial) : IJournalRow<PlanNote>
{
    private static readonly JsonSerializerOptions Options = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    /// <inheritdoc/>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, Options);

    /// <inheritdoc/>
    public static PlanNote FromJson(ReadOnlySpan<byte> line) => JsonSerializer.Deserialize<PlanNote>(line, Options)!;

    /// <summary>What names a policy on some pictures.</summary>
    public static string KeyOf(string pictures, PolicyFile policy) => $"{pictures} {JsonSerializer.Serialize(policy, Options)}";
}

/// <summary>What a plan has measured so far: a campaign's journal beside its output, which goes when the plan is done. An interrupted plan goes on from there.</summary>
internal sealed class PlanJournal : IDisposable
{
    private readonly string _run;
    private readonly Dictionary<string, PlanTrial> _known = [];
    private readonly Journal<PlanNote> _journal;

    /// <summary>Opens a journal, or begins one.</summary>
    /// <param name="path">The file.</param>
    /// <param name="run">What the plan was asked for and what it reads, in one line: a journal of another plan is refused.</param>
    /// <exception cref="UserErrorException">The journal is of another plan, is none, or cannot be written.</exception>
    public PlanJournal(string path, string run)
    {
        (Path, _run) = (path, run);
        try
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!);
            // More than the one record that a killed process can have torn: no journal, and not ours to mend.
            if (File.Exists(path) && Journal<PlanNote>.Read(path, Recall) > 1 && _known.Count == 0)
                throw new UserErrorException($"--out: {path} is no journal of a plan; expected another --out, or remove it");
            Journal<PlanNote>.Repair(path, Recall);
            _journal = new Journal<PlanNote>(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException($"--out: cannot write {path}: {exception.Message}", exception);
        }
    }

    /// <summary>Where it lies.</summary>
    public string Path { get; }

    /// <summary>Trials in it.</summary>
    public int Count => _known.Count;

    /// <summary>What was measured of a policy on some pictures; null for nothing yet.</summary>
    public PlanTrial? Find(string pictures, PolicyFile policy) => _known.GetValueOrDefault(PlanNote.KeyOf(pictures, policy));

    /// <summary>Notes what was measured.</summary>
    /// <exception cref="UserErrorException">It cannot be written; what was written before is sound.</exception>
    public void Add(string pictures, PlanTrial trial)
    {
        var key = PlanNote.KeyOf(pictures, trial.Policy);
        _known[key] = trial;
        _journal.Append(new PlanNote(_run, key, trial));
    }

    /// <summary>Forgets everything: the plan is done.</summary>
    public void Clear() => _known.Clear();

    /// <summary>Closes it, and removes it where nothing is known.</summary>
    public void Dispose()
    {
        _journal.Dispose();
        if (_known.Count == 0)
            File.Delete(Path);
    }

    private void Recall(PlanNote note)
    {
        if (note.Run != _run)
            throw new UserErrorException($"--out: {Path} is the journal of a plan with other settings, or of another model or table; expected another --out, or remove it to begin anew");
        _known[note.Key] = note.Trial;
    }
}
