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
        string[] expected =
        [
            Text(ofInt8[0].Ours / 1000, 0), Text(ofInt8.Min(result => result.Ratio), 2), Cost(int8, "flat128, quantised"), Cost(int8, "flat32, quantised"), Cost(int8, "flat128"),
            Text(ofFloats.Ours / 1000, 1), Text(ofFloats.Ratio, 2), Cost(floats, "flat128"), Cost(floats, "flat32"),
        ];
        Assert.That(row.Split('|', StringSplitOptions.TrimEntries)[2..^1], Is.EqualTo(expected));
    }

    [Test]
    public void Sentences_about_INT8_say_what_was_measured_on_both()
    {
        var text = File.ReadAllText(Path.Combine(Documentation.Root, "docs", "gpu.md"));
        var sentences = Both().Matches(text);
        Assert.That(sentences, Has.Count.EqualTo(2), "8192^3 and a layer");
        foreach (Match sentence in sentences)
        {
            foreach (var device in (string[])["h200", "h100"])
                Assert.That(sentence.Groups[device].Value, Is.EqualTo(Text(Least(device, Shape(sentence)), 2)), $"{Shape(sentence)} on the {device}");
        }

        string[] below = [Shape(Below().Match(text)), .. sentences.Select(Shape)];
        foreach (var device in (string[])["h200", "h100"])
            Assert.That(Read($"{device}-int8").Select(result => result.Shape).Distinct().Where(shape => Math.Round(Least(device, shape), 2) < 0.5), Is.SubsetOf(below), device);
        Assert.That(Below().Match(text).Groups["ratio"].Value, Is.EqualTo(Text(Least("h200", below[0]), 2)).And.EqualTo(Text(Least("h100", below[0]), 2)));
    }

    /// <summary>The lesser ratio to cuBLAS's two ways.</summary>
    private static double Least(string device, string shape) =>
        Read($"{device}-int8").Where(result => result.Shape == shape && result.Rival.StartsWith("cuB", StringComparison.OrdinalIgnoreCase)).Min(result => result.Ratio);

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

    [GeneratedRegex(@"(?:(?<edge>\d+)\^3|(?<shape>\d+ x \d+ x \d+)) \((?<h200>0\.\d\d); (?<h100>0\.\d\d)[ )]")]
    private static partial Regex Both();

    [GeneratedRegex(@"\*\*INT8\*\* has 0\.5 but at (?<edge>\d+)\^3 \((?<ratio>0\.\d\d)\)")]
    private static partial Regex Below();

    private sealed record Result(string Shape, string Protection, string Rival, double Ours, double Ratio);
}
