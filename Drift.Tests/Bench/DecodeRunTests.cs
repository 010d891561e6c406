using System.Globalization;
using Drift.Bench;
using NUnit.Framework;

namespace Drift.Tests.Bench;

/// <summary><c>drift decode</c> counts on the tiles that <c>drift compare</c> meets.</summary>
[TestFixture]
public sealed class DecodeRunTests
{
    /// <summary>Every model cuts its texts to a length of its own, and the rows of its cross-attention are as many: at another length there are other tiles and other flips.</summary>
    [TestCase("dit-fashion")]
    [TestCase("pixart-emoji")]
    [TestCase("sd-emoji")]
    public async Task Its_products_are_those_of_a_comparison(string model)
    {
        var root = Directory.CreateTempSubdirectory("drift-decode-").FullName;
        try
        {
            var decoded = await Table(root, "decode", "decoding.csv", model, "--voltages", "0.65", "--codes", "plain");
            var compared = await Table(root, "compare", "result.csv", model, "--rows", "decode@0.65");
            Assert.That(decoded["flips"], Is.EqualTo(compared["faultsInjected"]).And.GreaterThan(1000));
        }
        finally
        {
            Directory.Delete(root, true);
        }
    }

    /// <summary>The counts in the one row of what a command writes for one picture in one step.</summary>
    private static async Task<Dictionary<string, long>> Table(string root, string command, string file, string model, params string[] options)
    {
        var bodies = new CommandBodies(Comparison.Run, Generation.Run, DecodingCampaign.Run, Campaign.Run);
        var target = Path.Combine(root, command);
        using var error = new StringWriter();
        Assert.That(await DriftCommand.Run([command, "--model", model, "--images", "1", "--steps", "1", "--out", target, .. options], bodies, TextWriter.Null, error), Is.Zero, error.ToString());
        var lines = await File.ReadAllLinesAsync(Path.Combine(target, file));
        Assert.That(lines, Has.Length.EqualTo(2), "a header and one row");
        return lines[0].Split(',').Zip(lines[1].Split(',')).Where(cell => long.TryParse(cell.Second, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            .ToDictionary(cell => cell.First, cell => long.Parse(cell.Second, CultureInfo.InvariantCulture));
    }
}
