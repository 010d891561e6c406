namespace Drift.Bench;

/// <summary>Names that somebody may have meant.</summary>
internal static class ClosestNames
{
    private const int Most = 3;

    /// <summary>The closest names, the best first: those that the text begins or that differ in few letters; none where none is close.</summary>
    /// <param name="text">What was typed.</param>
    /// <param name="names">What there is.</param>
    public static IReadOnlyList<string> Of(string text, IEnumerable<string> names) =>
    [
        .. names.Select(name => (Name: name, Distance: text.Length > 1 && name.Contains(text, StringComparison.OrdinalIgnoreCase) ? 1 : Distance(text, name)))
            .Where(name => name.Distance <= Math.Max(2, text.Length / 3)).OrderBy(name => name.Distance).ThenBy(name => name.Name, StringComparer.Ordinal).Take(Most).Select(name => name.Name),
    ];

    /// <summary>Letters to insert, take out or change (Levenshtein).</summary>
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
                (diagonal, row[j]) = (row[j], Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)));
        }

        return row[^1];
    }
}
