using System.Globalization;
using Drift.Bench;
using Drift.Models;
using NUnit.Framework;

namespace Drift.Tests.Bench;

public sealed class RangesCommandTests
{
    [Test]
    public void Ranges_of_known_values_are_what_they_are()
    {
        var range = new DynamicRange();
        range.Add([3, -4]);
        range.Add([0, 0]);
        Assert.That((range.Largest, range.Typical, range.Ratio), Is.EqualTo((4f, 2.5, 1.6)));
    }

    [Test]
    public async Task Outlier_channels_widen_what_the_value_projection_gives_and_nothing_behind_the_output_projection()
    {
        var root = Directory.CreateTempSubdirectory("drift-ranges-").FullName;
        var tables = new List<Dictionary<(string Block, string Role), double>>();
        foreach (var factor in new[] { "1", "64" })
        {
            var file = Path.Combine(root, $"{factor}.csv");
            var run = await Invocation.Of(["ranges", "--steps", "3", "--outliers", factor, "--csv", file]);
            Assert.That((run.ExitCode, run.Error), Is.EqualTo((ErrorPolicy.Success, "")));
            Assert.That(run.Out.Contains("EXPERIMENT", StringComparison.Ordinal), Is.EqualTo(factor != "1"));
            tables.Add(File.ReadLines(file).Skip(1).Select(line => line.Split(',')).ToDictionary(cell => (cell[0], cell[1]), cell => Number(cell[7]) / Number(cell[8])));
        }

        Assert.That(tables[0], Has.Count.EqualTo(12 * 6));
        foreach (var (layer, ratio) in tables[0])
            Assert.That(tables[1][layer], layer.Role == "Value" ? Is.GreaterThan(1.2 * ratio) : Is.EqualTo(ratio).Within(1).Percent, $"{layer}");
        Directory.Delete(root, true);
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
