using System.Text.Json;
using Drift.Bench;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>No figure in the README is typed by hand: its table is the one that the committed result gives.</summary>
[TestFixture]
public sealed class ReadmeTests
{
    private const string Begin = "<!-- compare -->", End = "<!-- /compare -->";

    /// <summary>Of the committed reproduction.</summary>
    [Test]
    public void The_summary_of_verdicts_is_that_of_the_committed_reproduction()
    {
        var root = Path.GetDirectoryName(DataFolder.Path())!;
        var path = Path.Combine(root, "README.md");
        var (readme, report) = (File.ReadAllText(path), File.ReadAllText(Path.Combine(root, "docs", "results", "reproduce", "report.md")));
        if (Environment.GetEnvironmentVariable(Update) is not null)
            File.WriteAllText(path, readme.Replace(Summary(readme), Summary(report), StringComparison.Ordinal));
        else
            Assert.That(Summary(readme), Is.EqualTo(Summary(report)), $"set {Update}=1 to rewrite it");

        static string Summary(string text) => text[text.IndexOf(MarkdownReport.Begin, StringComparison.Ordinal)..text.IndexOf(MarkdownReport.End, StringComparison.Ordinal)];
    }

    /// <summary>Set to write the table rather than to check it.</summary>
    private const string Update = "DRIFT_UPDATE_README";

    [Test]
    public void The_table_is_that_of_the_committed_result()
    {
        var root = Path.GetDirectoryName(DataFolder.Path())!;
        var path = Path.Combine(root, "README.md");
        var text = File.ReadAllText(path);
        using var result = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(root, "docs", "results", "compare", "result.json")));
        var options = new JsonSerializerOptions { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };
        var rows = result.RootElement.GetProperty("rows").EnumerateArray().Select(row => row.Deserialize<CompareRow>(options)!).ToList();

        var (from, to) = (text.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length, text.IndexOf(End, StringComparison.Ordinal));
        var table = $"\n\n{CompareTable.ToMarkdown(rows)}\n";
        if (Environment.GetEnvironmentVariable(Update) is not null)
            File.WriteAllText(path, text[..from] + table + text[to..]);
        else
            Assert.That(text[from..to], Is.EqualTo(table), $"set {Update}=1 to rewrite it");
    }
}
