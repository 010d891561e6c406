using System.Text.RegularExpressions;
using Drift.Bench;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>Lessons show what they speak of, and say why what is not reproduced is not.</summary>
internal sealed partial class LessonTests
{
    private static readonly string[] Shown = ["gemm", "checksum", "rollback", "voltage", "layout", "quality", "campaigns", "reproduce"];

    public static IEnumerable<string> Pages => Documentation.Pages;

    [TestCaseSource(nameof(Pages))]
    public void Every_picture_and_page_that_a_page_links_to_exists(string page)
    {
        var folder = Path.GetDirectoryName(Path.Combine(Documentation.Root, page))!;
        foreach (Match link in Link().Matches(Read(page)))
        {
            if (!link.Groups["to"].Value.Contains("://", StringComparison.Ordinal))
                Assert.That(Path.Exists(Path.Combine(folder, link.Groups["to"].Value)), $"{page}: {link.Value}");
        }
    }

    [TestCaseSource(nameof(Shown))]
    public void A_lesson_has_a_figure_and_the_command_that_makes_it(string lesson)
    {
        var text = Read($"docs/{lesson}.md");
        var pictures = Link().Matches(text).Where(link => link.Value.StartsWith('!')).ToList();
        Assert.That(pictures, Is.Not.Empty);
        foreach (var picture in pictures)
        {
            Assert.That(picture.Groups["alt"].Value, Is.Not.Empty);
            if (Table().Match(picture.Groups["to"].Value) is { Success: true } table)
                Assert.That(text, Does.Contain($"`drift reproduce {table.Groups[1].Value}`"), picture.Value);
        }
    }

    [Test]
    public void Every_claim_that_is_not_reproduced_has_its_explanation()
    {
        var (lesson, report) = (Read("docs/reproduce.md"), Read("docs/results/reproduce/report.md"));
        var claims = Refused().Matches(report).Select(match => (Table: match.Groups[1].Value, Claim: match.Groups[2].Value)).ToList();
        Assert.That(claims, Is.Not.Empty);
        foreach (var (table, claim) in claims)
        {
            var row = lesson.Split('\n').SingleOrDefault(line => line.StartsWith($"| {table} | {claim} |", StringComparison.Ordinal));
            Assert.That(row, Is.Not.Null, $"{table}: {claim}");
            foreach (Match why in Why().Matches(row!.Split('|')[3]))
                Assert.That(lesson, Does.Contain($"- **{why.Groups[1].Value}"), row);
        }

        var listed = lesson.Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal) && TableCatalog.All.Any(table => line.StartsWith($"| {table.Id} |", StringComparison.Ordinal)));
        Assert.That(listed.Count(), Is.EqualTo(claims.Count), "what is reproduced needs no excuse");
    }

    private static string Read(string page) => File.ReadAllText(Path.Combine(Documentation.Root, page));

    [GeneratedRegex(@"!?\[(?<alt>[^\]]*)\]\((?<to>[^)#\s]+)")]
    private static partial Regex Link();

    [GeneratedRegex("results/reproduce/([a-z-]+)/figure")]
    private static partial Regex Table();

    [GeneratedRegex(@"^\| \[([a-z-]+)\]\([^)]*\) \| (.*?) \| .* \| not reproduced \|$", RegexOptions.Multiline)]
    private static partial Regex Refused();

    [GeneratedRegex(@"\*([^*]+)\*")]
    private static partial Regex Why();
}
