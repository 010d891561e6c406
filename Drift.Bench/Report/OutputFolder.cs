namespace Drift.Bench;

/// <summary>
/// A folder that appears whole or not at all: files go to a hidden folder beside the target, which takes its place in <see cref="Commit"/>. Disposing without that
/// removes everything.
/// </summary>
internal sealed class OutputFolder : IDisposable
{
    private readonly string _target;
    private readonly string _partial;
    private readonly List<string> _created;
    private bool _committed;

    /// <summary>Claims a target, so that a run fails before its work rather than after.</summary>
    /// <param name="target">A path where nothing or an empty folder is.</param>
    /// <exception cref="UserErrorException">The target is taken or cannot be written.</exception>
    public OutputFolder(string target)
    {
        _target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(target));
        if (File.Exists(_target) || Directory.Exists(_target) && Directory.EnumerateFileSystemEntries(_target).Any())
            throw new UserErrorException($"--out: {target} is taken; expected a new or empty folder");
        _partial = PartialPath.Of(_target);
        _created = [.. Above(_partial).TakeWhile(folder => !Directory.Exists(folder))];
        try
        {
            Directory.CreateDirectory(_partial);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            RemoveCreated();
            throw new UserErrorException($"--out: cannot write {target}: {exception.Message}", exception);
        }
    }

    /// <summary>Writes a file.</summary>
    /// <param name="name">Name inside the folder, or a path with folders of its own.</param>
    /// <param name="bytes">Its contents.</param>
    public void Write(string name, byte[] bytes)
    {
        using var file = Create(name);
        file.Write(bytes);
    }

    /// <summary>Opens a file to be written piece by piece.</summary>
    /// <param name="name">As in <see cref="Write"/>.</param>
    public FileStream Create(string name)
    {
        var path = Path.Combine(_partial, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return File.Create(path);
    }

    /// <summary>Puts the folder in place, unless the run was stopped while it was written.</summary>
    /// <param name="cancellation">What stops the run.</param>
    /// <returns>Where it lies.</returns>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public string Commit(CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        if (Directory.Exists(_target))
            Directory.Delete(_target);
        Directory.Move(_partial, _target);
        _committed = true;
        return _target;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_committed)
            return;
        if (Directory.Exists(_partial))
            Directory.Delete(_partial, true);
        RemoveCreated();
    }

    /// <summary>Folders above the target that were not there before it was claimed, unless somebody else has put something into them.</summary>
    private void RemoveCreated()
    {
        foreach (var folder in _created.TakeWhile(folder => !Directory.Exists(folder) || !Directory.EnumerateFileSystemEntries(folder).Any()).Where(Directory.Exists))
            Directory.Delete(folder);
    }

    /// <summary>The folders that a path lies in, innermost first.</summary>
    private static IEnumerable<string> Above(string path)
    {
        for (var folder = Path.GetDirectoryName(path); folder is not null; folder = Path.GetDirectoryName(folder))
            yield return folder;
    }
}
