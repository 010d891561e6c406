using System.Text.RegularExpressions;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>The interfaces that ARCHITECTURE.md shows are those of the code, all of them that must be implemented.</summary>
public sealed partial class SeamTests
{
    public static IEnumerable<TestCaseData> Shown() => Interface().Matches(Page()).Select(match => new TestCaseData(match.Groups["members"].Value).SetArgDisplayNames(match.Groups["name"].Value).SetProperty("name", match.Groups["name"].Value));

    [Test]
    public void The_page_shows_them() => Assert.That(Shown().Count(), Is.GreaterThan(15));

    [TestCaseSource(nameof(Shown))]
    public void A_seam_that_the_page_shows_is_the_one_of_the_code(string members)
    {
        var name = (string)TestContext.CurrentContext.Test.Properties.Get("name")!;
        var type = ArchitectureTests.Assemblies.SelectMany(assembly => assembly.GetTypes()).Single(type => type.IsInterface && type.Name == name);
        var methods = type.GetMethods().Where(method => !method.IsSpecialName).ToList();
        foreach (Match shown in Method().Matches(members))
        {
            Assert.That(methods.Where(method => method.Name == shown.Groups["name"].Value).Select(method => string.Join(", ", method.GetParameters().Select(parameter => parameter.Name))),
                Does.Contain(string.Join(", ", Parameter().Matches(shown.Groups["parameters"].Value).Select(parameter => parameter.Groups["name"].Value))), shown.Value);
        }

        var words = Word().Matches(members).Select(word => word.Value).ToHashSet();
        Assert.That(type.GetProperties().Where(property => property.GetMethod!.IsAbstract).Select(property => property.Name)
            .Concat(methods.Where(method => method.IsAbstract).Select(method => method.Name)).Where(member => !words.Contains(member)), Is.Empty, "what an implementation must have is shown");
    }

    private static string Page()
    {
        var page = File.ReadAllText(Path.Combine(Documentation.Root, "ARCHITECTURE.md"));
        var start = page.IndexOf("## The seams", StringComparison.Ordinal);
        return Remark().Replace(page[start..page.IndexOf("\n## ", start + 1, StringComparison.Ordinal)], "");
    }

    [GeneratedRegex(@"interface (?<name>\w+)[^{]*\{(?<members>(?:[^{}]|\{[^{}]*\})*)\}")]
    private static partial Regex Interface();

    [GeneratedRegex(@"(?<name>\w+)\((?<parameters>[^()]*)\)")]
    private static partial Regex Method();

    [GeneratedRegex(@"(?<name>\w+)(?: = \w+)?(?=,(?![^<]*>)|$)")]
    private static partial Regex Parameter();

    [GeneratedRegex(@"\w+")]
    private static partial Regex Word();

    [GeneratedRegex("//.*")]
    private static partial Regex Remark();
}
