namespace Drift.Bench;

/// <summary>Lists of cases that Drift knows by name and cannot run yet.</summary>
internal sealed class OtherCases : ICaseKind
{
    private static readonly IReadOnlyList<(string File, string What)> Lists =
        [("cases.csv", "damaged files")];

    /// <inheritdoc/>
    public IEnumerable<VerificationCase> In(string folder, string label) =>
        from list in Lists
        let path = Path.Combine(folder, list.File)
        where File.Exists(path) && !CycleCases.Owns(path)
        select new UnsupportedCase($"{label}/{list.File}", list.What, path);
}
