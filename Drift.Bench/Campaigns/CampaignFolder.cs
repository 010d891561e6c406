namespace Drift.Bench;

/// <summary>A campaign's folder: its plan, its journal, its results, and the lock that keeps a second process out.</summary>
internal sealed class CampaignFolder : IDisposable
{
    /// <summary>Names of the plan's file and of the journal's.</summary>
    public const string PlanFile = "plan.json", JournalFile = "journal.txt";

    private const string LockFile = "lock";
    private const int MostDifferences = 5;
    private readonly FileStream _lock;

    private CampaignFolder(string path, FileStream locked) => (Path, _lock) = (path, locked);

    /// <summary>Where it lies.</summary>
    public string Path { get; }

    /// <summary>The journal's file.</summary>
    public string Journal => System.IO.Path.Combine(Path, JournalFile);

    /// <summary>Claims a folder for a plan: a new or empty one, or one in which this very plan has begun.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="plan">What is computed.</param>
    /// <exception cref="UserErrorException">It is taken by something else, by another plan or by a process at work, or cannot be written.</exception>
    public static CampaignFolder Open(string path, CampaignPlan plan)
    {
        var (created, file) = (!Directory.Exists(path), System.IO.Path.Combine(path, PlanFile));
        if (!created && !File.Exists(file) && Directory.EnumerateFileSystemEntries(path).Select(System.IO.Path.GetFileName).Any(name => name != LockFile && !name!.StartsWith('.')))
            throw new UserErrorException($"--out: {path} is taken; expected a new or empty folder, or one of a campaign");
        CampaignFolder? folder = null;
        try
        {
            Directory.CreateDirectory(path);
            folder = new CampaignFolder(path, Lock(path));
            // What a process that was killed had not finished writing.
            foreach (var left in Directory.EnumerateFiles(path, PartialPath.Pattern))
                File.Delete(left);
            if (!File.Exists(file))
                folder.Write(PlanFile, plan.ToJson());
            else if (CampaignPlan.Read(file).DifferencesTo(plan) is { Count: > 0 } differences)
                throw new UserErrorException($"--out: {path} holds a campaign of another plan ({Listed(differences)}); expected the same plan, or a new folder such as {Free(path)}");
            return folder;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Leave(folder, created, path);
            throw new UserErrorException($"--out: cannot write {path}: {exception.Message}", exception);
        }
        catch
        {
            Leave(folder, created, path);
            throw;
        }
    }

    /// <summary>Writes a result, whole or not at all, in place of an older one.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="bytes">Its contents.</param>
    public void Write(string name, byte[] bytes)
    {
        using var file = new OutputFile("--out", System.IO.Path.Combine(Path, name));
        file.Commit(bytes);
    }

    /// <inheritdoc/>
    public void Dispose() => _lock.Dispose();

    /// <summary>A folder that was made here and never got its plan is nothing to keep.</summary>
    private static void Leave(CampaignFolder? folder, bool created, string path)
    {
        folder?.Dispose();
        if (created && Directory.Exists(path) && !File.Exists(System.IO.Path.Combine(path, PlanFile)))
            Directory.Delete(path, recursive: true);
    }

    /// <summary>The system lets go of it when the process ends, however it ends.</summary>
    private static FileStream Lock(string path)
    {
        try
        {
            return new FileStream(System.IO.Path.Combine(path, LockFile), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException exception) when (File.Exists(System.IO.Path.Combine(path, LockFile)))
        {
            throw new UserErrorException($"--out: another process is at work in {path}; expected a folder of its own, or shards (--shard) that are merged afterwards", exception);
        }
    }

    private static string Listed(IReadOnlyList<string> differences) =>
        string.Join("; ", differences.Take(MostDifferences)) + (differences.Count > MostDifferences ? $"; and {differences.Count - MostDifferences} more" : "");

    private static string Free(string path)
    {
        var trimmed = System.IO.Path.TrimEndingDirectorySeparator(path);
        for (var i = 2; ; i++)
        {
            if (!Directory.Exists($"{trimmed}-{i}"))
                return $"{trimmed}-{i}";
        }
    }
}
