using System.Text.RegularExpressions;

namespace Drift.Tests;

/// <summary>A command that the documentation gives.</summary>
/// <param name="File">Where it stands, from the repository's root.</param>
/// <param name="Line">Its line, 1 first.</param>
/// <param name="Text">As it is typed, without the comment behind it.</param>
internal sealed record DocumentedCommand(string File, int Line, string Text)
{
    /// <inheritdoc/>
    public override string ToString() => $"{File}:{Line}: {Text}";
}

/// <summary>The README and the lessons, as far as they give commands.</summary>
internal static partial class Documentation
{
    /// <summary>The repository's root.</summary>
    public static string Root { get; } = Path.GetFullPath(DataFolder.Path(".."));

    /// <summary>README.md, docs/*.md and the notebooks behind them, from the root.</summary>
    public static IReadOnlyList<string> Pages { get; } = ["README.md", .. In("docs"), .. In("docs/notebook")];

    /// <summary>The commands of fenced and indented blocks. Two on a line are two.</summary>
    public static IReadOnlyList<DocumentedCommand> Commands { get; } = [.. Pages.SelectMany(page => File.ReadLines(Path.Combine(Root, page)).Select((line, i) => (line, Number: i + 1))
        .Where(entry => Typed().IsMatch(entry.line))
        .SelectMany(entry => Comment().Replace(entry.line, "").Split(';', StringSplitOptions.TrimEntries).Select(text => new DocumentedCommand(page, entry.Number, text))))];

    /// <summary>What prose says between backticks that begins with drift.</summary>
    public static IReadOnlyList<DocumentedCommand> Mentions { get; } = [.. Pages.SelectMany(page => File.ReadLines(Path.Combine(Root, page)).Select((line, i) => (line, Number: i + 1))
        .Where(entry => !Typed().IsMatch(entry.line))
        .SelectMany(entry => Mention().Matches(entry.line).Select(match => new DocumentedCommand(page, entry.Number, match.Groups[1].Value))))];

    private static IEnumerable<string> In(string folder) =>
        Directory.EnumerateFiles(Path.Combine(Root, folder), "*.md").Select(file => $"{folder}/{Path.GetFileName(file)}").Order(StringComparer.Ordinal);

    [GeneratedRegex(@"^(    )?(drift|dotnet|bash|eng/\S+|source) ?")]
    private static partial Regex Typed();

    [GeneratedRegex(@"\s{2,}#.*$")]
    private static partial Regex Comment();

    [GeneratedRegex("`(drift [a-z][^`]*)`")]
    private static partial Regex Mention();
}
