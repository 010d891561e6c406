using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Drift.Bench;
using Drift.Kernels;
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
    public void A_clip_score_stands_where_a_classifier_would()
    {
        CompareRow[] rows = [Nominal with { Accuracy = null, ClipScore = 0.75 }, Drift with { Accuracy = null, ClipScore = 0.7421, FeatureDistance = 0.0312 }];
        Assert.That(Encoding.UTF8.GetString(ResultCsv.Write(rows)), Does.Contain(",accuracy,clipScore,featureDistance,faultsInjected,").And.Contain(",,0.7421,0.0312,123456,"));
        Assert.That(CompareTable.ToMarkdown(rows), Does.Contain("| CLIP score *measured* | feature distance *measured* |").And.Contain("| 0.742 | 0.031 |").And.Not.Contain("class"));
        using var output = new StringWriter();
        CompareTable.Print(output, rows);
        Assert.That(output.ToString(), Does.Contain("cosine between a picture and its prompt"));
        using var document = JsonDocument.Parse(ResultJson.Write(new CompareResult(new Dictionary<string, object?>(), 1, rows)));
        Assert.That(document.RootElement.GetProperty("rows")[1].GetProperty("clipScore").GetDouble(), Is.EqualTo(0.7421));
    }

    [TestCase(100, 2)]
    [TestCase(80, 3)]
    public void A_narrow_console_gets_stacked_tables_with_whole_cells(int width, int tables)
    {
        using var output = new StringWriter();
        var values = Drift with { LinesFlagged = 5724406, ElementsMended = 8747911, MissedLarge = 12145, FalseAlarms = 0, EnergySavedPercent = -22.75, EnergySavedPercentPaperMix = 13.9 };
        CompareTable.Print(ReportConsole.Plain(output, width), [Nominal, values, .. CompareRow.Names.Select(name => values with { Row = name })]);
        var text = output.ToString();
        Assert.That(text.Split('\n').Max(line => line.TrimEnd().Length), Is.LessThan(width));
        Assert.That(text.Split('\n').Count(line => line.StartsWith(" row ", StringComparison.Ordinal)), Is.EqualTo(tables));
        foreach (var whole in new[] { "undervolted,", "unprotected,", "overclocked", "44.2 ± 1.2", "1.000 ± 0.100", "5724406", "8747911", "quoted mix", "speed-up", "-22.8" })
            Assert.That(text, Does.Contain(whole));
        Assert.That(text, Does.Not.Contain("…"));
    }

    [Test]
    public async Task The_run_record_tells_what_code_and_files_a_replay_needs()
    {
        var points = Path.Combine(TestContext.CurrentContext.WorkDirectory, $"{Guid.NewGuid():N}.csv");
        File.WriteAllText(points, "volts,gigahertz,rate_per_element\n0.6,2,0.5\n0.9,2,0\n0.9,4,0.5\n");
        try
        {
            var options = (await Invocation.Of(["compare", "--operating-points", Path.GetRelativePath(Environment.CurrentDirectory, points)])).Compared!;
            var record = RunRecord.Of(options.Sampling, options.ToSettings(), DateTime.UnixEpoch);
            Assert.That(record.Versions.Keys, Is.SupersetOf(new[] { "drift", "dotnet", "skiaSharp", "ilgpu", "iced" }));
            Assert.That(record.Versions["ilgpu"], Does.StartWith("1."));
            Assert.That(record.Machine["int8InstructionPath"], Is.AnyOf([.. HostBackend.InstructionPaths.Select(path => path.Name)]));
            Assert.That(record.Files.Model, Is.EqualTo("data/models/dit-fashion"), "what ships with Drift is named from its data folder");
            const string weights = "transformer/diffusion_pytorch_model.safetensors";
            Assert.That(record.Files.ModelDigests[weights], Is.EqualTo(Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(options.Sampling.Model.Path, weights))))));
            Assert.That(record.Files.OperatingPoints, Is.EqualTo(points));
            Assert.That(record.Files.OperatingPointsDigest, Is.EqualTo(Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(points)))));
        }
        finally
        {
            File.Delete(points);
        }

        var generated = (await Invocation.Of(["generate"])).Generated!;
        Assert.That(RunRecord.Of(generated.Sampling, generated.ToSettings(), DateTime.UnixEpoch).Files, Has.Property("OperatingPoints").Null, "drawn without faults");
    }

    [Test]
    public async Task The_run_record_has_the_digests_of_a_bit_profile_and_of_a_CLIP()
    {
        var bits = Path.Combine(TestContext.CurrentContext.WorkDirectory, $"{Guid.NewGuid():N}.csv");
        File.WriteAllText(bits, "bit,weight\n3,1\n");
        try
        {
            var options = (await Invocation.Of(["compare", "--model", "sd-emoji", "--bit-profile", bits])).Compared!;
            var others = RunRecord.Of(options.Sampling, options.ToSettings(), DateTime.UnixEpoch).Files.Others!;
            Assert.That(others[bits], Is.EqualTo(Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(bits)))));
            Assert.That(others.Keys, Has.Member("data/models/clip-emoji/model.safetensors"));
        }
        finally
        {
            File.Delete(bits);
        }

        var plain = (await Invocation.Of(["compare"])).Compared!;
        Assert.That(RunRecord.Of(plain.Sampling, plain.ToSettings(), DateTime.UnixEpoch).Files.Others, Is.Null);
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
