namespace Drift.Bench;

/// <summary>Finds the cases under a path, and is the registry of their kinds.</summary>
internal static class CaseWalk
{
    private static readonly IReadOnlyList<ICaseKind> Kinds =
    [
        new NetworkCases(), new SchedulerCases(), new PipelineCases(), new FaultCases(), new ClosedFormCases(), new CycleCases(), new QualityCases(), new LpipsCases(),
        new FeatureSetCases(), new TokenizerCases(), new FileCases(),
    ];

    /// <summary>The cases of a tree, a folder, or those that one file belongs to, in order of their paths.</summary>
    /// <param name="path">A folder or a file.</param>
    /// <exception cref="UserErrorException">There is no such path, or no case in it.</exception>
    public static IReadOnlyList<VerificationCase> Find(string path)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        var isFile = File.Exists(full);
        if (!isFile && !Directory.Exists(full))
            throw new UserErrorException($"verify: there is no file or folder {path}");
        IReadOnlyList<VerificationCase> cases = isFile
            ? [.. Above(full).SelectMany(folder => In(folder, Path.GetFileName(folder))).Where(found => found.Files.Contains(full))]
            : [.. Folders(full).SelectMany(folder => In(folder, Label(full, folder)))];
        return cases.Count > 0 ? cases : throw new UserErrorException(
            $"verify: no reference case in {path}; expected files in the forms of data/fixtures (io.safetensors beside a config, cases.json, pairs.json, ...)");
    }

    private static IEnumerable<VerificationCase> In(string folder, string label) => Kinds.SelectMany(kind => In(kind, folder, label));

    private static IReadOnlyList<VerificationCase> In(ICaseKind kind, string folder, string label)
    {
        try
        {
            return [.. kind.In(folder, label)];
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            return [new DamagedCase(label, exception as CaseFileException ?? new CaseFileException(folder, exception.Message, exception))];
        }
    }

    /// <summary>The folder of a file and the one above it: a list's pictures lie one folder below the list.</summary>
    private static IEnumerable<string> Above(string file)
    {
        var folder = Path.GetDirectoryName(file)!;
        return new[] { folder, Path.GetDirectoryName(folder) }.OfType<string>();
    }

    private static IEnumerable<string> Folders(string root) =>
        // Links are not followed: they could lead in a circle.
        Directory.EnumerateDirectories(root, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint })
            .Append(root).Order(StringComparer.Ordinal);

    private static string Label(string root, string folder) =>
        folder == root ? Path.GetFileName(root) : Path.GetRelativePath(root, folder).Replace(Path.DirectorySeparatorChar, '/');
}
