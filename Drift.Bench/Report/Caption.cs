namespace Drift.Bench;

/// <summary>What a picture shows, where there is little room to say it.</summary>
internal static class Caption
{
    private const int LineLength = 18, MostLines = 3, LongestFileName = 40;

    /// <summary>A text in a few short lines; what does not fit ends in an ellipsis.</summary>
    public static string Wrap(string text)
    {
        var lines = new List<string>();
        foreach (var word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (lines.Count > 0 && lines[^1].Length + 1 + word.Length <= LineLength)
                lines[^1] += " " + word;
            else
                lines.Add(word.Length <= LineLength ? word : word[..(LineLength - 1)] + "\u2026");
        }

        return string.Join('\n', lines.Count <= MostLines ? lines : [.. lines[..(MostLines - 1)], "\u2026"]);
    }

    /// <summary>A text as a part of a file name.</summary>
    public static string FileName(string text) => string.Concat(text.Take(LongestFileName).Select(c => char.IsLetterOrDigit(c) ? c : '-'));
}
