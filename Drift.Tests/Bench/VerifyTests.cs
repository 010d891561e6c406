using Drift.Bench;
using NUnit.Framework;

namespace Drift.Tests.Bench;

public sealed class VerifyTests
{
    private string _folder = "";

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("drift-").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, true);

    [Test]
    public async Task The_whole_tree_passes()
    {
        var run = await Invocation.Of(["verify", DataFolder.Path("fixtures")]);
        Assert.That(run.ExitCode, Is.Zero, string.Join('\n', run.Out.Split('\n').Where(line => line.Contains("FAIL"))));
        // 4 DiT, VAE and ResNet; 5 DDIM; 2 DiT pipelines; 10 layers and 2 tables; 28 pairs.
        Assert.That(run.Out.TrimEnd(), Does.Match(@"\n53 passed, 0 failed, \d+ not supported yet$"));
    }

    [TestCase("networks/dit/config.json", 1)]
    [TestCase("networks/vae", 3)]
    [TestCase("schedulers/ddim-linear-50/io.safetensors", 3)]
    [TestCase("faults/bit30.safetensors", 19)]
    [TestCase("quality/images/blur_48x80_b.png", 4)]
    [TestCase("faults/cost.csv", 9)]
    public async Task One_file_or_folder_selects_its_case(string path, int outputs)
    {
        var run = await Invocation.Of(["verify", DataFolder.Path("fixtures", path)]);
        Assert.That(run.ExitCode, Is.Zero);
        Assert.That(run.Out, Does.EndWith($"1 passed, 0 failed, 0 not supported yet{Environment.NewLine}"));
        Assert.That(run.Out.Split('\n').Count(line => line.TrimEnd().EndsWith(" ok", StringComparison.Ordinal)), Is.EqualTo(outputs));
    }

    // The last byte of a safetensors file is the exponent of the last expected output (of faults: an entry of the mask).
    [TestCase("networks/dit", "io.safetensors")]
    [TestCase("networks/vae", "io.safetensors")]
    [TestCase("networks/fashion-features", "io.safetensors")]
    [TestCase("schedulers/ddim-clip-20", "io.safetensors")]
    [TestCase("pipelines/dit-fashion-ddim20-unguided", "io.safetensors")]
    [TestCase("faults", "many.safetensors")]
    public async Task A_damaged_number_fails_its_case_anywhere_on_disk(string folder, string file)
    {
        Copy(DataFolder.Path("fixtures", folder));
        var path = Path.Combine(_folder, file);
        var bytes = File.ReadAllBytes(path);
        bytes[^1] ^= 0x40;
        File.WriteAllBytes(path, bytes);
        await ExpectOneFailure(path);
    }

    [TestCase("quality", "pairs.json", "24.615174935341003", "24.6151750")]
    [TestCase("quality", "pairs.json", "0.885938415650001", "0.885938425")]
    [TestCase("faults", "cases.json", "\"threshold\": 256", "\"threshold\": 512")]
    [TestCase("faults", "cases.json", "\"m\": 45,\n  \"n\": 65", "\"m\": 44,\n  \"n\": 65")]
    [TestCase("faults", "cases.json", "\"m\": 32", "\"m\": 0")]
    [TestCase("faults", "cases.json", "\"stride\": 2", "\"stride\": 0")]
    [TestCase("faults", "cases.json", "\"padding\": 1", "\"padding\": 0")]
    [TestCase("pipelines/dit-fashion-ddim20-unguided", "case.json", "\"steps\": 20", "\"steps\": 21")]
    [TestCase("pipelines/dit-fashion-ddim20-unguided", "case.json", "dit-fashion", "dit-lost")]
    [TestCase("faults", "probability.csv", "0.01018780037850125", "0.0101878204")]
    [TestCase("faults", "cost.csv", "5.8360191", "5.8360391")]
    [TestCase("faults", "cost.csv", "6.0519518", "6.0519688")]
    public async Task A_wrong_expectation_fails_its_case(string folder, string file, string from, string to)
    {
        Copy(DataFolder.Path("fixtures", folder));
        var path = Path.Combine(_folder, file);
        var text = File.ReadAllText(path);
        Assert.That(text, Does.Contain(from));
        File.WriteAllText(path, text.Replace(from, to));
        await ExpectOneFailure(_folder);
    }

    [TestCase("networks/dit", "io.safetensors")]
    [TestCase("networks/dit", "diffusion_pytorch_model.safetensors")]
    [TestCase("networks/dit", "config.json")]
    [TestCase("faults", "many.safetensors")]
    [TestCase("faults", "cases.json")]
    [TestCase("quality", "pairs.json")]
    [TestCase("pipelines/dit-fashion-ddim50", "case.json")]
    public async Task A_truncated_file_fails_in_a_line_that_names_it(string folder, string file)
    {
        Copy(DataFolder.Path("fixtures", folder));
        var path = Path.Combine(_folder, file);
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..100]);
        var run = await ExpectOneFailure(_folder);
        Assert.That(run.Out.Split('\n').Single(line => line.Contains("FAIL")), Does.Contain(file).And.Not.Contain("   at "));
    }

    [Test]
    public async Task A_folder_without_cases_is_bad_input()
    {
        var run = await Invocation.Of(["verify", _folder]);
        Assert.That((run.ExitCode, run.Out), Is.EqualTo((ErrorPolicy.BadInput, "")));
        Assert.That(run.Error, Does.Contain(_folder));
    }

    [Test]
    public async Task Unknown_kinds_are_counted_and_do_not_fail()
    {
        var run = await Invocation.Of(["verify", DataFolder.Path("fixtures", "networks", "t5")]);
        Assert.That(run.ExitCode, Is.Zero);
        Assert.That(run.Out, Does.Contain("T5EncoderModel").And.Contain("0 passed, 0 failed, 1 not supported yet"));
    }

    [Test]
    public void No_number_and_another_length_are_infinitely_wrong()
    {
        Assert.That(OutputCheck.OfLargest("x", [float.NaN, 1], [1, 1], 1e9).Ok, Is.False);
        Assert.That(OutputCheck.OfLargest("x", [1, 1], [float.NaN, 1], 1e9).Ok, Is.False);
        Assert.That(OutputCheck.OfLargest("x", [1], [1, 1], 1e9).Ok, Is.False);
        Assert.That(OutputCheck.Relative("x", double.NaN, 1, 1e9).Ok, Is.False);
        Assert.That(OutputCheck.Relative("x", double.NaN, double.NaN, 1e9).Ok, Is.False);
        Assert.That(OutputCheck.Relative("x", double.PositiveInfinity, double.PositiveInfinity, 0).Ok, Is.True);
        Assert.That(OutputCheck.Exact<int>("x", [int.MaxValue], [int.MinValue]).Error, Is.EqualTo(4294967295.0));
        Assert.That(OutputCheck.OfLargest("x", [2, 101], [1, 100], 0.01).Error, Is.EqualTo(0.01));
    }

    private async Task<Invocation> ExpectOneFailure(string path)
    {
        var run = await Invocation.Of(["verify", path]);
        Assert.That(run.ExitCode, Is.EqualTo(ErrorPolicy.Failure), run.Out + run.Error);
        Assert.That(run.Out, Does.Contain(" 1 failed, ").And.Contain("FAIL"));
        return run;
    }

    private void Copy(string from)
    {
        foreach (var folder in Directory.EnumerateDirectories(from, "*", SearchOption.AllDirectories))
            Directory.CreateDirectory(Path.Combine(_folder, Path.GetRelativePath(from, folder)));
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories).Where(file => !Path.GetFileName(file).StartsWith("lpips", StringComparison.Ordinal)))
            File.Copy(file, Path.Combine(_folder, Path.GetRelativePath(from, file)));
    }
}
