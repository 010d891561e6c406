using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>The table of docs/gpu.md says what the result files beside it say.</summary>
public sealed partial class GpuTableTests
{
    private static readonly string Results = Path.Combine(Documentation.Root, "docs", "results", "gpu");

    private static IEnumerable<string> Rows() => File.ReadLines(Path.Combine(Documentation.Root, "docs", "gpu.md")).Where(line => Product().IsMatch(line));

    [Test]
    public void Every_product_of_the_files_has_a_row() =>
        Assert.That(Rows().Select(row => Shape(Product().Match(row))), Is.EquivalentTo(Read("h200-fp32").Select(result => result.Shape).Distinct()));

    [TestCaseSource(nameof(Rows))]
    public void A_row_says_what_was_measured(string row)
    {
        var shape = Shape(Product().Match(row));
        var (int8, floats) = (Read("h200-int8").Where(result => result.Shape == shape).ToList(), Read("h200-fp32").Where(result => result.Shape == shape).ToList());
        var (ofInt8, ofFloats) = (int8.Where(result => result.Rival.StartsWith("cuB", StringComparison.Ordinal)).ToList(), floats.Single(result => result.Rival.StartsWith("cuB", StringComparison.Ordinal)));
        var ofHalves = Read("h200-fp16").Single(result => result.Shape == shape);
        string[] expected =
        [
            Text(ofInt8[0].Ours / 1000, 0), Text(ofInt8.Min(result => result.Ratio), 2), Cost(int8, "flat128, quantised"), Cost(int8, "flat32, quantised"), Cost(int8, "flat128"),
            Text(ofFloats.Ours / 1000, 1), Text(ofFloats.Ratio, 2), Cost(floats, "flat128"), Cost(floats, "flat32"), Text(ofHalves.Ours / 1000, 0), Text(ofHalves.Ratio, 2),
        ];
        Assert.That(row.Split('|', StringSplitOptions.TrimEntries)[2..^1], Is.EqualTo(expected));
    }

    [TestCase("int8", @"\*\*INT8\*\* has 0\.5 everywhere: the least is (?<ratio>0\.\d\d) \((?<shape>\d+ x \d+ x \d+)\)", 0.5, 0)]
    [TestCase("fp32", @"\*\*fp32\*\* has 0\.7 everywhere: the least is (?<ratio>0\.\d\d) \((?<shape>\d+ x \d+ x \d+)\)", 0.7, 0)]
    public void A_sentence_names_the_least_ratio_and_all_that_miss(string type, string sentence, double wanted, int missing)
    {
        var ratios = Read($"h200-{type}").Where(result => result.Rival.StartsWith("cu", StringComparison.OrdinalIgnoreCase)).ToList();
        var least = ratios.MinBy(result => result.Ratio)!;
        var said = Regex.Match(File.ReadAllText(Path.Combine(Documentation.Root, "docs", "gpu.md")), sentence);
        Assert.That((said.Groups["shape"].Value, said.Groups["ratio"].Value), Is.EqualTo((least.Shape, Text(least.Ratio, 2))));
        Assert.That(ratios.Where(result => Math.Round(result.Ratio, 2) < wanted).Select(result => result.Shape).Distinct().Count(), Is.EqualTo(missing));
    }

    private static string Cost(IEnumerable<Result> results, string protection) =>
        $"{Text(100 * (1 / results.Single(result => result.Protection == protection && result.Rival.StartsWith("Drift", StringComparison.Ordinal)).Ratio - 1), 0)} %";

    private static string Text(double value, int digits) => Math.Round(value, digits).ToString($"F{digits}", CultureInfo.InvariantCulture);

    private static string Shape(Match row) => row.Groups["edge"].Success ? string.Join(" x ", Enumerable.Repeat(row.Groups["edge"].Value, 3)) : row.Groups["shape"].Value;

    private static List<Result> Read(string name)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Results, $"{name}.json")));
        return
        [
            .. from result in document.RootElement.GetProperty("results").EnumerateArray()
               let ratio = result.GetProperty("ratio")
               where ratio.ValueKind == JsonValueKind.Number
               select new Result($"{result.GetProperty("m")} x {result.GetProperty("n")} x {result.GetProperty("k")}", result.GetProperty("protection").GetString()!, result.GetProperty("rivalName").GetString()!, result.GetProperty("ours").GetDouble(), ratio.GetDouble()),
        ];
    }

    [GeneratedRegex(@"^\| (?:(?<edge>\d+)\^3|(?<shape>\d+ x \d+ x \d+)) \|")]
    private static partial Regex Product();

    private sealed record Result(string Shape, string Protection, string Rival, double Ours, double Ratio);
}
