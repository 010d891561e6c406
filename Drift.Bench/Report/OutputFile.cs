namespace Drift.Bench;

/// <summary>A file that appears whole or not at all, replacing an older one.</summary>
internal sealed class OutputFile : IDisposable
{
    private readonly string _target;
    private readonly string _partial;

    /// <summary>Claims a target, so that a run fails before its work rather than after.</summary>
    /// <param name="option">The option that names it, for the message.</param>
    /// <param name="target">The file.</param>
    /// <exception cref="UserErrorException">It cannot be written.</exception>
    public OutputFile(string option, string target)
    {
        _target = Path.GetFullPath(target);
        _partial = PartialPath.Of(_target);
        if (Directory.Exists(_target))
            throw new UserErrorException($"{option}: {target} is a folder; expected a file");
        if (Path.GetDirectoryName(_target) is { } folder && !Directory.Exists(folder))
            throw new UserErrorException($"{option}: cannot write {target}: there is no folder {folder}");
        try
        {
            File.Create(_partial).Dispose();
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
        using (var stream = File.Create(_partial))
            write(stream);
        File.Move(_partial, _target, true);
    }

    /// <inheritdoc/>
    public void Dispose() => File.Delete(_partial);
}

/// <summary>Where a target's unfinished form lies: in the same folder, so that a rename puts it in place, and hidden.</summary>
internal static class PartialPath
{
    /// <summary>What names of unfinished files look like.</summary>
    public const string Pattern = ".*.partial-*";

    /// <summary>The path for a target, of its own for each process.</summary>
    public static string Of(string target) => Path.Combine(Path.GetDirectoryName(target) ?? target, $".{Path.GetFileName(target)}.partial-{Environment.ProcessId}");
}
