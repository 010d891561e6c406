using System.Text;
using System.Text.Json;
using Drift.Bench;
using NUnit.Framework;

namespace Drift.Tests.Bench;

public sealed class ReportTests
{
    private static readonly CompareRow Nominal = new()
    {
        Row = "nominal",
        Psnr = double.PositiveInfinity,
        PsnrLow = double.NaN,
        Ssim = 1,
        Accuracy = 0.9375,
        FaultsInjected = 0,
        EnergyJoulesPerImage = 0.00123456789,
        Speedup = 1,
        WallSeconds = 1.5,
    };

    private static readonly CompareRow Drift = Nominal with
    {
        Row = "drift",
        Psnr = 44.25,
        PsnrLow = 43,
        PsnrHigh = 45.5,
        SsimLow = 0.9,
        SsimHigh = 1.1,
        FaultsInjected = 123456,
    };

    [Test]
    public void The_json_has_the_schemas_names_and_null_for_what_is_absent()
    {
        var text = ResultJson.Write(new CompareResult(new Dictionary<string, object?> { ["steps"] = 50, ["ber"] = null }, 3.25, [Nominal, Drift]));
        using var document = JsonDocument.Parse(text);
        var root = document.RootElement;
        Assert.That(root.EnumerateObject().Select(p => p.Name), Is.EqualTo(new[] { "settings", "wallSeconds", "rows" }));
        Assert.That(root.GetProperty("settings").GetProperty("steps").GetInt32(), Is.EqualTo(50));
        var row = root.GetProperty("rows")[0];
        Assert.That(row.EnumerateObject().Select(p => p.Name), Is.EqualTo(new[]
        {
            "row", "psnr", "psnrLow", "psnrHigh", "ssim", "accuracy", "faultsInjected", "linesFlagged", "elementsMended", "missedLarge", "falseAlarms",
            "energyJoulesPerImage", "energySavedPercent", "energySavedPercentPaperMix", "speedup", "wallSeconds",
        }));
        foreach (var absent in new[] { "psnr", "psnrLow", "psnrHigh", "linesFlagged", "energySavedPercent" })
            Assert.That(row.GetProperty(absent).ValueKind, Is.EqualTo(JsonValueKind.Null), absent);
        Assert.That(root.GetProperty("rows")[1].GetProperty("psnrHigh").GetDouble(), Is.EqualTo(45.5));
    }

    [Test]
    public void The_csv_keeps_every_digit_and_ends_with_the_wall_time()
    {
        var lines = Encoding.UTF8.GetString(ResultCsv.Write([Nominal, Drift])).Split('\n');
        Assert.That(lines, Has.Length.EqualTo(4));
        Assert.That(lines[0], Is.EqualTo("row,psnr,psnrLow,psnrHigh,ssim,ssimLow,ssimHigh,accuracy,faultsInjected,linesFlagged,elementsMended,missedLarge,falseAlarms," +
            "energyJoulesPerImage,energySavedPercent,energySavedPercentPaperMix,speedup,wallSeconds"));
        Assert.That(lines[1], Is.EqualTo("nominal,,,,1,,,0.9375,0,,,,,0.00123456789,,,1,1.5"));
        Assert.That(lines[2], Does.StartWith("drift,44.25,43,45.5,1,0.9,1.1,"));
    }

    [Test]
    public void The_table_says_of_each_column_where_it_comes_from()
    {
        using var output = new StringWriter();
        CompareTable.Print(output, [Nominal, Drift]);
        var text = output.ToString();
        Assert.That(text, Does.Contain("44.2 ± 1.2").And.Contain("inf").And.Contain("123456").And.Contain("DRIFT"));
        var origins = text.Split('\n').Single(line => line.Contains("measured"));
        Assert.That(origins.Split('│', StringSplitOptions.TrimEntries)[2..^1], Has.All.AnyOf("measured", "modelled", "quoted mix"));
    }

    [Test]
    public async Task The_run_record_replays_a_run()
    {
        var options = (await Invocation.Of(["compare", "--images", "3", "--classes", "bag,coat", "--seed", "40"])).Compared!;
        var record = RunRecord.Of(options.Sampling, options.ToSettings(), DateTime.UnixEpoch);
        Assert.That(record.Pictures, Is.EqualTo(new PictureRecord[] { new(40, 8, "bag"), new(41, 4, "coat"), new(42, 8, "bag") }));
        using var document = JsonDocument.Parse(ResultJson.Write(record));
        foreach (var part in new[] { "settings", "pictures", "versions", "machine", "startedUtc" })
            Assert.That(document.RootElement.TryGetProperty(part, out _), part);
        Assert.That(document.RootElement.GetProperty("settings").EnumerateObject().Select(p => p.Name), Is.SupersetOf(
            new[] { "model", "classes", "images", "steps", "guidance", "voltage", "frequency", "ber", "tile", "threshold", "interval", "seed", "backend", "threads", "rows", "outputs" }));
    }
}
