using System.Diagnostics;
using System.Text.Json;
using Drift.Models;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>The main job as a user runs it: the tool itself, in a process of its own.</summary>
[TestFixture]
public sealed class CompareRunTests
{
    private string _root = "";

    [OneTimeSetUp]
    public void MakeFolder() => _root = Directory.CreateTempSubdirectory("drift-compare-").FullName;

    [OneTimeTearDown]
    public void RemoveFolder() => Directory.Delete(_root, true);

    [Test]
    public void The_same_seed_gives_the_same_bytes_on_any_threads_and_every_instruction_path()
    {
        var first = Run("first", [], "--threads", "1");
        foreach (var (name, variables) in new (string, (string, string)[])[]
        {
            ("two-threads", []), ("avx512", [("DRIFT_ISA", "avx512")]), ("avx2", [("DRIFT_ISA", "avx2")]), ("portable", [("DRIFT_ISA", "portable")]),
            ("no-avx512", [("DOTNET_EnableAVX512", "0")]), ("no-avx", [("DOTNET_EnableAVX", "0")]),
        })
        {
            if (variables is [("DRIFT_ISA", var path)] && Kernels.HostBackend.InstructionPaths.First(p => p.Name == path).Missing is not null)
                continue;
            var other = Run(name, variables, "--threads", "2");
            Assert.Multiple(() =>
            {
                Assert.That(File.ReadAllBytes(Path.Combine(other, "pictures.png")), Is.EqualTo(File.ReadAllBytes(Path.Combine(first, "pictures.png"))), name);
                Assert.That(WithoutWallTime(other), Is.EqualTo(WithoutWallTime(first)), name);
            });
        }
    }

    [Test]
    public void A_short_comparison_writes_all_rows_and_names_its_columns()
    {
        var folder = Run("rows", [], "--json", Path.Combine(_root, "copy.json"));
        using var result = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "result.json")));
        var rows = result.RootElement.GetProperty("rows").EnumerateArray().ToList();
        string[] wanted =
        [
            "row", "psnr", "psnrLow", "psnrHigh", "ssim", "accuracy", "faultsInjected", "linesFlagged", "elementsMended", "missedLarge", "falseAlarms",
            "energyJoulesPerImage", "energySavedPercent", "energySavedPercentPaperMix", "speedup", "wallSeconds",
        ];
        Assert.Multiple(() =>
        {
            Assert.That(rows.Select(row => row.GetProperty("row").GetString()), Is.EqualTo(
                new[] { "fp32", "nominal", "unprotected", "rollback", "drift", "drift-overclocked", "unprotected-wide", "drift-wide" }));
            Assert.That(rows.All(row => wanted.All(name => row.TryGetProperty(name, out _))));
            Assert.That(rows[1].GetProperty("psnr").ValueKind, Is.EqualTo(JsonValueKind.Null), "infinite against itself");
            Assert.That(rows[0].GetProperty("energyJoulesPerImage").ValueKind, Is.EqualTo(JsonValueKind.Null), "fp32 has no energy model");
            Assert.That(rows[1].GetProperty("speedup").GetDouble(), Is.EqualTo(1));
            Assert.That(rows[2].GetProperty("energySavedPercentPaperMix").GetDouble(), Is.InRange(33, 43.75 * 5.81 / 6.81), "0.675 V saves 43.75 % of the guarded compute, which is nearly all of it");
            Assert.That(rows[5].GetProperty("speedup").GetDouble(), Is.GreaterThan(1));
            Assert.That(File.ReadAllBytes(Path.Combine(_root, "copy.json")), Is.EqualTo(File.ReadAllBytes(Path.Combine(folder, "result.json"))));
            Assert.That(Directory.EnumerateFiles(folder).Select(Path.GetFileName), Is.EquivalentTo(new[] { "energy.csv", "pictures.png", "result.csv", "result.json", "run.json" }));
        });
    }

    /// <summary>A rival that changes sound pictures would stand below no protection at all: every row at the safe point is the nominal one.</summary>
    [Test]
    public void At_the_safe_point_every_protection_draws_the_nominal_pictures()
    {
        var rows = ProtectionCatalog.Names.Where(name => name != "thundervolt").SelectMany(name => new[] { $"{name}@0.9", $"{name}-wide@0.9" });
        var folder = Path.Combine(_root, "safe");
        var (code, error) = Start(["compare", "--images", "1", "--steps", "2", "--rows", string.Join(',', rows), "--out", folder], [], _root);
        Assert.That(code, Is.Zero, error);
        using var result = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "result.json")));
        var drawn = result.RootElement.GetProperty("rows").EnumerateArray().Select(row => (Row: row.GetProperty("row").GetString()!, Ssim: row.GetProperty("ssim").GetDouble())).ToList();
        foreach (var form in drawn.GroupBy(row => row.Row.EndsWith("-wide@0.9", StringComparison.Ordinal)))
            Assert.That(form.Select(row => row.Ssim), Is.All.EqualTo(form.First().Ssim), string.Join(", ", form));
    }

    [TestCase("compare --voltage 0.5", "0.5 V")]
    [TestCase("compare --voltage 0.7 --frequency 5", "5")]
    [TestCase("compare --model nowhere", "dit-fashion")]
    [TestCase("compare --rows best", "drift-wide")]
    [TestCase("compare --backend abacus", "host")]
    [TestCase("compare --out /proc/drift", "/proc/drift")]
    [TestCase("compare --rows unprotected --voltage 0.9 --ber 0.01", "--ber")]
    [TestCase("compare --rows unprotected --voltage 1.5 --ber 0.01", "1.5 V")]
    public void Bad_input_is_one_line_and_leaves_nothing(string command, string told)
    {
        var working = Directory.CreateDirectory(Path.Combine(_root, "empty")).FullName;
        var (code, error) = Start([.. command.Split(' '), "--images", "1", "--steps", "1"], [], working);
        Assert.Multiple(() =>
        {
            Assert.That(code, Is.EqualTo(2));
            Assert.That(error.Trim().Split('\n'), Has.Length.EqualTo(1));
            Assert.That(error, Does.StartWith("drift: ").And.Contain(told));
            Assert.That(Directory.EnumerateFileSystemEntries(working, "*", SearchOption.AllDirectories).Where(File.Exists), Is.Empty);
        });
    }

    [Test]
    public void Only_the_points_of_the_rows_that_run_need_a_rate()
    {
        var table = Path.Combine(_root, "voltage.csv");
        File.WriteAllText(table, "volts,gigahertz,rate_per_element\n0.7,2,1e-3\n0.9,2,0\n");
        Run("few-rows", [], "--rows", "nominal,drift", "--voltage", "0.7", "--operating-points", table);
    }

    [Test]
    public void A_row_with_faulty_embeddings_is_the_same_whatever_was_drawn_before()
    {
        string[] faulty = ["--layers", "embeddings", "--ber", "0.01"];
        var alone = Run("embeddings", [], ["--rows", "nominal,unprotected", .. faulty]);
        var behind = Run("embeddings-behind", [], ["--rows", "fp32,nominal,unprotected", .. faulty]);
        Assert.That(WithoutWallTime(behind).Last(), Is.EqualTo(WithoutWallTime(alone).Last()), "rows behind an embedding that another run remembered");
    }

    [Test]
    public void A_damaged_table_of_operating_points_is_one_line_with_file_and_line()
    {
        var points = Path.Combine(_root, "points.csv");
        File.WriteAllText(points, "volts,gigahertz,rate_per_element\n0.8,2,often\n");
        var (code, error) = Start(["compare", "--operating-points", points, "--out", Path.Combine(_root, "never", "there")], [], _root);
        Assert.That((code, error.Trim()), Is.EqualTo((2, $"drift: {points}, line 2: expected a number from 0 to 1 as rate_per_element, not 'often'")));
        Assert.That(Directory.Exists(Path.Combine(_root, "never")), Is.False);
    }

    private string Run(string name, (string Name, string Value)[] variables, params string[] options)
    {
        var target = Path.Combine(_root, name);
        var (code, error) = Start(["compare", "--images", "2", "--steps", "3", "--out", target, .. options], variables, _root);
        Assert.That((code, error), Is.EqualTo((0, "")), name);
        return target;
    }

    private static (int Code, string Error) Start(string[] arguments, (string Name, string Value)[] variables, string working)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = working,
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "drift.dll"));
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        foreach (var (name, value) in variables)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        _ = output.Result;
        return (process.ExitCode, error);
    }

    private static IEnumerable<string> WithoutWallTime(string folder) =>
        File.ReadLines(Path.Combine(folder, "result.csv")).Select(line => line[..line.LastIndexOf(',')]);
}
