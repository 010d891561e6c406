namespace Drift.Bench;

/// <summary>Two pictures that belong together.</summary>
/// <param name="Name">Name of both files, or of the first of two single ones.</param>
/// <param name="A">Path of the reference.</param>
/// <param name="B">Path of the other.</param>
internal sealed record PicturePair(string Name, string A, string B);

/// <summary>Finds pictures on disk.</summary>
internal static class PicturePairs
{
    private const int NamesShown = 10;

    /// <summary>What <c>drift generate</c> calls the sheet of all its pictures, which lies beside them and its record.</summary>
    private const string Sheet = "pictures.png", Record = "run.json";

    private static readonly IReadOnlyList<string> Endings = [".png", ".jpg", ".jpeg", ".webp"];

    /// <summary>Two pictures, or all pictures of two folders by their names.</summary>
    /// <param name="a">A picture or a folder.</param>
    /// <param name="b">The same kind.</param>
    /// <exception cref="UserErrorException">One does not exist, the kinds differ, or a picture has no twin.</exception>
    public static IReadOnlyList<PicturePair> Find(string a, string b)
    {
        if (IsFolder(a) != IsFolder(b))
            throw new UserErrorException($"quality: {(IsFolder(a) ? a : b)} is a folder and {(IsFolder(a) ? b : a)} is not; expected two pictures or two folders");
        if (!IsFolder(a))
            return [new PicturePair(Path.GetFileName(a), a, b)];
        IReadOnlyList<string> inA = In(a), inB = In(b);
        RequireAll(inA, inB, b);
        RequireAll(inB, inA, a);
        return [.. inA.Select(name => new PicturePair(name, Path.Combine(a, name), Path.Combine(b, name)))];
    }

    /// <summary>Names of the pictures that lie directly in a folder, in order. The sheet that <c>drift generate</c> makes of its pictures is not one of them.</summary>
    /// <exception cref="UserErrorException">There are none.</exception>
    public static IReadOnlyList<string> In(string folder)
    {
        var names = Directory.EnumerateFiles(folder).Where(file => Endings.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase))
            .Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal).ToList();
        if (names.Count > 1 && File.Exists(Path.Combine(folder, Record)))
            names.Remove(Sheet);
        return names.Count > 0 ? names : throw new UserErrorException($"quality: no pictures in {folder}; expected files that end in {string.Join(", ", Endings)}");
    }

    /// <summary>Whether a path is a folder and not a file.</summary>
    /// <exception cref="UserErrorException">It is neither.</exception>
    public static bool IsFolder(string path) => Directory.Exists(path)
        || (File.Exists(path) ? false : throw new UserErrorException($"quality: there is no file or folder {path}; expected pictures"));

    private static void RequireAll(IReadOnlyList<string> wanted, IReadOnlyList<string> present, string folder)
    {
        var missing = wanted.Except(present).ToList();
        if (missing.Count > 0)
            throw new UserErrorException($"quality: {folder} lacks {string.Join(", ", missing.Take(NamesShown))}{(missing.Count > NamesShown ? $" and {missing.Count - NamesShown} more" : "")}, " +
                "which the other folder has; expected the same names in both, or --unpaired");
    }
}
