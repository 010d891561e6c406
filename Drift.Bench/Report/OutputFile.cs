namespace Drift.Bench;

/// <summary>A file that appears whole or not at all, replacing an older one; a device is written to.</summary>
internal sealed class OutputFile : IDisposable
{
    private readonly string _target;
    private readonly string? _partial;
    private readonly FileStream? _claim;

    /// <summary>Claims a target, so that a run fails before its work rather than after.</summary>
    /// <param name="option">The option that names it, for the message.</param>
    /// <param name="target">The file, or a device such as /dev/stdout; behind a link, what it leads to.</param>
    /// <exception cref="UserErrorException">It cannot be written, or another option of this run has it already.</exception>
    public OutputFile(string option, string target)
    {
        _target = Path.GetFullPath(target);
        if (Directory.Exists(_target))
            throw new UserErrorException($"{option}: {target} is a folder; expected a file");
        // A device is not replaced: a rename would put a file in its place.
        if (IsDevice(_target))
            return;
        _target = Followed(_target);
        if (Path.GetDirectoryName(_target) is { } folder && !Directory.Exists(folder))
            throw new UserErrorException($"{option}: cannot write {target}: there is no folder {folder}");
        _partial = PartialPath.Of(_target);
        var there = File.Exists(_partial);
        try
        {
            _claim = new FileStream(_partial, FileMode.Create, FileAccess.Write, FileShare.None);
        }
        catch (IOException exception) when (there)
        {
            throw new UserErrorException($"{option}: another output of this run goes to {target}; expected a file of its own", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException($"{option}: cannot write {target}: {exception.Message}", exception);
        }
    }

    /// <summary>Writes the contents and puts the file in place.</summary>
    /// <param name="bytes">Its contents.</param>
    public void Commit(byte[] bytes) => Commit(stream => stream.Write(bytes));

    /// <summary>Has the contents written piece by piece and puts the file in place.</summary>
    /// <param name="write">Writes them.</param>
    public void Commit(Action<Stream> write)
    {
        using (var stream = _claim ?? new FileStream(_target, FileMode.Append, FileAccess.Write, FileShare.ReadWrite))
            write(stream);
        if (_partial is not null)
            File.Move(_partial, _target, true);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _claim?.Dispose();
        if (_partial is not null)
            File.Delete(_partial);
    }

    private static bool IsDevice(string path) => File.Exists(path) && path.StartsWith("/dev/", StringComparison.Ordinal) && !path.StartsWith("/dev/shm/", StringComparison.Ordinal);

    private static string Followed(string path) => new FileInfo(path).LinkTarget is null ? path : File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
}

/// <summary>Where a target's unfinished form lies: in the same folder, so that a rename puts it in place, and hidden.</summary>
internal static class PartialPath
{
    /// <summary>What names of unfinished files look like.</summary>
    public const string Pattern = ".*.partial-*";

    /// <summary>The path for a target, of its own for each process.</summary>
    public static string Of(string target) => Path.Combine(Path.GetDirectoryName(target) ?? target, $".{Path.GetFileName(target)}.partial-{Environment.ProcessId}");
}
