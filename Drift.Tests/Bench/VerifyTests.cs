using System.Globalization;
using System.Text.Json.Nodes;
using Drift.Bench;
using Drift.Kernels;
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
        // 4 DiT, 2 PixArt, UNet, 2 T5, 3 CLIP, VAE and ResNet; 20 samplers; 2 tokenizers; 2 DiT pipelines, PixArt, Stable Diffusion and CLIP; 10 layers and 2 tables;
        // 28 pairs, 12 of LPIPS, 8 of feature sets; 177 layers on arrays.
        Assert.That(run.Out.TrimEnd(), Does.Match(@"\n310 passed, 0 failed, \d+ not supported yet$"));
    }

    [TestCase("networks/dit/config.json", 1)]
    [TestCase("networks/vae", 13)]
    [TestCase("networks/unet", 11)]
    [TestCase("tokenizers/clip", 3)]
    [TestCase("pipelines/clip-emoji", 10)]
    [TestCase("tokenizers/t5/ids.json", 3)]
    [TestCase("pipelines/pixart-emoji-dpm20", 3)]
    [TestCase("schedulers/ddim-linear-50/io.safetensors", 3)]
    [TestCase("schedulers/dpm-2-karras-20", 4)]
    [TestCase("schedulers/flow-shift-10", 3)]
    [TestCase("faults/bit30.safetensors", 26)]
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
    [TestCase("networks/unet", "io.safetensors")]
    [TestCase("networks/clip", "io.safetensors")]
    [TestCase("networks/clip-text", "io.safetensors")]
    [TestCase("networks/fashion-features", "io.safetensors")]
    [TestCase("networks/pixart", "io.safetensors")]
    [TestCase("networks/t5", "io.safetensors")]
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

    [TestCase("tokenizers/clip", "ids.json", "2243, 649, 633, 2244]", "2243, 649, 634, 2244]")]
    [TestCase("quality", "pairs.json", "24.615174935341003", "24.6151750")]
    [TestCase("quality", "pairs.json", "0.885938415650001", "0.885938425")]
    [TestCase("quality", "features.json", "24.061631264462804", "24.0616316")]
    [TestCase("quality", "features.json", "0.7556761927482682", "0.75567621")]
    [TestCase("faults", "cases.json", "\"threshold\": 256", "\"threshold\": 512")]
    [TestCase("faults", "cases.json", "\"masked\": 382", "\"masked\": 381")]
    [TestCase("faults", "cases.json", "\"faulty\": 44", "\"faulty\": 45")]
    [TestCase("faults", "cases.json", "\"x_scale\": \"token\",\n  \"w_scale\": \"channel\",\n  \"y_scale\": \"token\"", "\"x_scale\": \"row\",\n  \"w_scale\": \"channel\",\n  \"y_scale\": \"token\"")]
    [TestCase("faults", "cost.csv", "7.916562500000001,,,\n", "7.916562500000001,1.422,0.7816,0.7917\n")]
    [TestCase("cycles", "cases.csv", "tiny_qkv,os,32,32,USER,64,384,128,11237", "tiny_qkv,ws,32,32,USER,64,384,128,11237")]
    [TestCase("cycles", "cases.csv", "tiny_qkv,os,32,32,USER,64,384,128,11237", "tiny_qkv,os,32,32,CALC,64,384,128,11237")]
    [TestCase("faults", "cases.json", "\"m\": 45,\n  \"n\": 65", "\"m\": 44,\n  \"n\": 65")]
    [TestCase("faults", "cases.json", "\"m\": 32", "\"m\": 0")]
    [TestCase("faults", "cases.json", "\"stride\": 2", "\"stride\": 0")]
    [TestCase("faults", "cases.json", "\"padding\": 1", "\"padding\": 0")]
    [TestCase("pipelines/dit-fashion-ddim20-unguided", "case.json", "\"steps\": 20", "\"steps\": 21")]
    [TestCase("pipelines/dit-fashion-ddim20-unguided", "case.json", "dit-fashion", "dit-lost")]
    [TestCase("tokenizers/t5", "ids.json", "[3, 44, 18", "[3, 44, 19")]
    [TestCase("tokenizers/t5", "ids.json", "\"mask\": [1, 1", "\"mask\": [1, 0")]
    [TestCase("faults", "probability.csv", "0.01018780037850125", "0.0101878204")]
    [TestCase("faults", "cost.csv", "5.8360191", "5.8360391")]
    [TestCase("faults", "cost.csv", "6.0519518", "6.0519688")]
    [TestCase("cycles", "cases.csv", "tiny_qkv,os,32,32,USER,64,384,128,11237", "tiny_qkv,os,32,32,USER,64,384,128,11238")]
    [TestCase("cycles", "cases.csv", "5039,0,22.86167890454455,90,18.343949044585987,36864,36864,40960,6576,", "5039,0,22.86167890454455,90,18.343949044585987,36864,36864,40960,6577,")]
    [TestCase("cycles", "cases.csv", ",944518,", ",944519,")]
    [TestCase("cycles", "cases.csv", "69.94535519125684,100,69.90291262135922,36864,36864,8704,5184,4608,8192,1648,1", "69.94535529125684,100,69.90291262135922,36864,36864,8704,5184,4608,8192,1648,1")]
    public async Task A_wrong_expectation_fails_its_case(string folder, string file, string from, string to)
    {
        Copy(DataFolder.Path("fixtures", folder));
        var path = Path.Combine(_folder, file);
        var text = File.ReadAllText(path);
        Assert.That(text, Does.Contain(from));
        File.WriteAllText(path, text.Replace(from, to));
        await ExpectOneFailure(_folder);
    }

    [Test]
    public async Task A_case_far_from_the_models_finds_a_shipped_one_that_is_no_pipeline()
    {
        Copy(DataFolder.Path("fixtures", "pipelines/clip-emoji"));
        Assert.That((await Invocation.Of(["verify", _folder])).Out, Does.EndWith($"1 passed, 0 failed, 0 not supported yet{Environment.NewLine}"));
    }

    /// <summary>uncond + guidance (cond - uncond) at a guidance of 0 is the null class, which a case can ask for by its number.</summary>
    [Test]
    public async Task Guidance_below_one_mixes_both_halves()
    {
        Copy(DataFolder.Path("fixtures", "pipelines/dit-fashion-ddim20-unguided"));
        var path = Path.Combine(_folder, "case.json");
        var entry = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        async Task<string[]> Errors(JsonArray labels, double guidance)
        {
            (entry["labels"], entry["guidance"]) = (labels, guidance);
            File.WriteAllText(path, entry.ToJsonString());
            return [.. (await Invocation.Of(["verify", _folder])).Out.Split('\n').Where(line => line.Contains("error")).Select(line => line[line.IndexOf("error", StringComparison.Ordinal)..])];
        }

        var expected = await Errors([10, 10], 1);
        Assert.That(await Errors([3, 8], 0), Is.EqualTo(expected).And.Length.EqualTo(2));
        Assert.That(await Errors([3, 8], 0.5), Is.Not.EqualTo(expected));
    }

    /// <summary>make/quality.py, given a file of AlexNet's weights, writes none beside its cases.</summary>
    [Test]
    public async Task Distances_without_their_weights_take_the_shipped_ones()
    {
        Copy(DataFolder.Path("fixtures", "quality"));
        foreach (var file in new[] { "lpips.json", "lpips_linear.safetensors" })
            File.Copy(DataFolder.Path("fixtures", "quality", file), Path.Combine(_folder, file));
        var run = await Invocation.Of(["verify", _folder]);
        Assert.That(run.Out, Does.Match(@"lpips-alex-noise_48x80 +lpips +error \S+ +tolerance \S+ +ok"));
    }

    // The file holds a = 0 1 2 3 and b = 4 5.
    [TestCase("nothing: the header has length = 93, b = 4.0 5e+00.", "loads: a[2, 2] b[2]", true)]
    [TestCase("nothing: b = 4 5.5", "loads: a[2, 2] b[2]", false)]
    [TestCase("nothing", "loads: a[2, 2] b[3]", false)]
    [TestCase("nothing", "loads: a[2, 2]", false)]
    public async Task Values_and_shapes_of_a_file_are_compared_where_they_are_stated(string what, string library, bool passes)
    {
        File.Copy(DataFolder.Path("fixtures", "files", "good.safetensors"), Path.Combine(_folder, "good.safetensors"));
        File.WriteAllText(Path.Combine(_folder, "cases.csv"), $"file,what_is_wrong,expect,python_library\ngood.safetensors,\"{what}\",must-load,\"{library}\"\n");
        var run = await Invocation.Of(["verify", _folder]);
        Assert.That(run.ExitCode == 0, Is.EqualTo(passes), run.Out);
    }

    [Test]
    public async Task Names_of_any_letters_are_listed_by_their_code_points()
    {
        ModelFileTests.Write("names", """{"q[1]":{"dtype":"I8","shape":[1],"data_offsets":[0,1]},"\ud83d\ude00":{"dtype":"I8","shape":[],"data_offsets":[1,2]},"\uff21 b":{"dtype":"I8","shape":[1,1],"data_offsets":[2,3]}}""",
            [1, 2, 3], _folder);
        File.WriteAllText(Path.Combine(_folder, "cases.csv"), "file,what_is_wrong,expect,python_library\nnames.safetensors,nothing,must-load,\"loads: q[1][1] \uff21 b[1, 1] \U0001F600[]\"\n");
        Assert.That((await Invocation.Of(["verify", _folder])).ExitCode, Is.Zero);
    }

    /// <summary>make/faults.py leaves the joules of a model blank that it is given none for.</summary>
    [Test]
    public async Task A_table_without_joules_is_one_of_ratios()
    {
        var path = Path.Combine(_folder, "cost.csv");
        File.WriteAllLines(path, File.ReadLines(DataFolder.Path("fixtures", "faults", "cost.csv")).Select((line, row) => row == 0 ? line : $"{string.Join(',', line.Split(',')[..10])},,,"));
        var run = await Invocation.Of(["verify", path]);
        Assert.That(run.ExitCode, Is.Zero, run.Out);
        Assert.That(run.Out, Does.Contain("stat_abft").And.Not.Contain("joules"));
    }

    [TestCase(1.0, true)]
    [TestCase(1.001, false)]
    public async Task Joules_of_a_model_that_nobody_quotes_are_not_compared_with_themselves(double factor, bool passes)
    {
        // Weights that take one joule in all steps.
        var (lines, path) = (File.ReadAllLines(DataFolder.Path("fixtures", "faults", "cost.csv")), Path.Combine(_folder, "cost.csv"));
        var row = lines.Single(line => line.StartsWith("dit,5.81,0.9,0,", StringComparison.Ordinal)).Split(',');
        var stat = double.Parse(row[8], CultureInfo.InvariantCulture) * factor;
        File.WriteAllLines(path, [lines[0], FormattableString.Invariant($"other,{string.Join(',', row[1..10])},{row[7]},{stat},{row[9]}")]);
        var run = await Invocation.Of(["verify", path]);
        Assert.That(run.ExitCode == 0, Is.EqualTo(passes), run.Out);
        Assert.That(run.Out, passes ? Does.Contain("ours_joules").And.Not.Contain("dmr_joules") : Does.Contain("stat_abft_joules"));
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task Counts_are_checked_where_they_are_listed(bool isNull)
    {
        Copy(DataFolder.Path("fixtures", "faults"));
        var path = Path.Combine(_folder, "cases.json");
        var list = JsonNode.Parse(File.ReadAllText(path))!.AsArray();
        foreach (var entry in list.Select(node => node!.AsObject()))
        {
            foreach (var count in (string[])["faults", "harmed", "flagged_rows", "flagged_cols", "masked", "masked_unharmed", "harmed_unmasked", "approxabft_masked", "wrong_int8"])
            {
                entry.Remove(count);
                if (isNull)
                    entry[count] = null;
            }
        }

        File.WriteAllText(path, list.ToJsonString());
        var run = await Invocation.Of(["verify", Path.Combine(_folder, "bit30.safetensors")]);
        Assert.That(run.ExitCode, Is.Zero, run.Out + run.Error);
        Assert.That(run.Out.Split('\n').Count(line => line.TrimEnd().EndsWith(" ok", StringComparison.Ordinal)), Is.EqualTo(24));
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

    [TestCase("faults", "cases.json", "[null]", "entry 0 is null")]
    [TestCase("quality", "pairs.json", "[null]", "entry 0 is null")]
    [TestCase("quality", "pairs.json", """[{"name": null, "a": "a", "b": "b", "mse": 0, "psnr": 0, "ssim_gaussian": 0, "ssim_uniform7": 0}]""", "name")]
    [TestCase("faults", "probability.csv", "p,tile\n0.1,32\n", "'probability'")]
    [TestCase("faults", "probability.csv", "p,tile,probability\n0.1,32,high\n", "line 2")]
    public async Task A_damaged_list_fails_in_one_line_and_the_other_cases_run(string folder, string file, string text, string said)
    {
        Copy(DataFolder.Path("fixtures", folder));
        var path = Path.Combine(_folder, file);
        File.WriteAllText(path, text);
        var run = await ExpectOneFailure(_folder);
        Assert.That(FailLine(run), Does.Contain($"FAIL: {path}: ").And.Contain(said));
        Assert.That(run.Out, Does.Match(@"\n[1-9]\d* passed"));
        // A list that is named itself is judged, damaged or not.
        Assert.That(FailLine(await ExpectOneFailure(path)), Does.Contain(path));
    }

    [TestCase("faults", "bit30.safetensors", "faults", "expected [flips, 3]")]
    [TestCase("networks/dit", "io.safetensors", "in.hidden_states", "expected [samples, channels, height, width]")]
    [TestCase("networks/vae", "io.safetensors", "in.latent", "expected [samples, channels, height, width]")]
    [TestCase("pipelines/dit-fashion-ddim20-unguided", "io.safetensors", "out.latents", "expected [steps, pictures, channels, height, width]")]
    public async Task An_array_of_another_form_fails_in_one_line_that_names_its_file(string folder, string file, string array, string said)
    {
        Copy(DataFolder.Path("fixtures", folder));
        var path = Path.Combine(_folder, file);
        Flatten(path, array);
        var run = await ExpectOneFailure(_folder);
        Assert.That(FailLine(run), Does.Contain($"FAIL: {path}: {array} has the shape").And.Contain(said));
    }

    [Test]
    public void Any_exception_of_a_case_is_one_line_that_names_its_file_and_the_others_run()
    {
        using var report = new StringWriter();
        using var backend = Backends.Open("reference");
        var file = Path.Combine(_folder, "io.safetensors");
        var count = new VerificationRun(report, new VerificationSetting(backend, CancellationToken.None)).Run(
            [new Thrower(file, new InvalidOperationException("two\r\nlines")), new Thrower(file, new ArgumentException("named", "it")), new UnsupportedCase("b", "later", file)]);
        Assert.That(count, Is.EqualTo(new VerificationCount(0, 2, 1)));
        Assert.That(report.ToString(), Does.Contain($"FAIL: {file}: two lines{Environment.NewLine}").And.Contain($"FAIL: {file}: named{Environment.NewLine}"));
        Assert.Throws<OperationCanceledException>(() => new VerificationRun(report, new VerificationSetting(backend, CancellationToken.None)).Run(
            [new Thrower(file, new OperationCanceledException())]));
    }

    [TestCase("schedulers/flow-shift-10", "scheduler_config.json", "stochastic_sampling", "true")]
    [TestCase("networks/vae", "config.json", "act_fn", "\"gelu\"")]
    [TestCase("networks/fashion-features", "config.json", "hidden_act", "\"gelu\"")]
    [TestCase("networks/dit", "config.json", "norm_type", "\"layer_norm\"")]
    [TestCase("networks/dit", "config.json", "norm_elementwise_affine", "true")]
    public async Task A_setting_that_is_known_and_not_done_is_not_supported_yet(string folder, string file, string setting, string value)
    {
        Copy(DataFolder.Path("fixtures", folder));
        var path = Path.Combine(_folder, file);
        Set(path, setting, value);
        var run = await Invocation.Of(["verify", _folder]);
        Assert.That((run.ExitCode, run.Error), Is.EqualTo((ErrorPolicy.Success, "")), run.Out);
        Assert.That(run.Out, Does.Contain($"not supported yet: {path}: {setting} is ").And.Contain("0 passed, 0 failed, 1 not supported yet"));
    }

    [TestCase("schedulers/ddim-linear-50", "scheduler_config.json", "thresholding", "\"maybe\"")]
    [TestCase("schedulers/ddim-linear-50", "scheduler_config.json", "trained_betas", "7")]
    [TestCase("schedulers/ddim-linear-50", "scheduler_config.json", "trained_betas", "[0.1, 0.2]")]
    [TestCase("schedulers/ddim-linear-50", "scheduler_config.json", "prediction_type", "\"epsilom\"")]
    [TestCase("networks/vae", "config.json", "act_fn", "\"sulu\"")]
    [TestCase("networks/vae", "config.json", "down_block_types", "[\"AttnDownEncoderBlock2D\"]")]
    [TestCase("networks/dit", "config.json", "norm_type", "5")]
    [TestCase("networks/dit", "config.json", "_class_name", "\"\"")]
    [TestCase("schedulers/ddim-linear-50", "scheduler_config.json", "_class_name", "\"\"")]
    public async Task A_setting_that_makes_no_sense_fails(string folder, string file, string setting, string value)
    {
        Copy(DataFolder.Path("fixtures", folder));
        var path = Path.Combine(_folder, file);
        Set(path, setting, value);
        Assert.That(FailLine(await ExpectOneFailure(_folder)), Does.Contain($"FAIL: {path}: {setting} is "));
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
        Copy(DataFolder.Path("fixtures", "networks", "t5"));
        var config = Path.Combine(_folder, "config.json");
        File.WriteAllText(config, File.ReadAllText(config).Replace("T5EncoderModel", "GPT2Model"));
        var run = await Invocation.Of(["verify", _folder]);
        Assert.That(run.ExitCode, Is.Zero);
        Assert.That(run.Out, Does.Contain("GPT2Model").And.Contain("0 passed, 0 failed, 1 not supported yet"));
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

    private static string FailLine(Invocation run) => run.Out.Split('\n').Single(line => line.Contains("FAIL"));

    private static void Set(string config, string setting, string value)
    {
        var settings = JsonNode.Parse(File.ReadAllText(config))!.AsObject();
        settings[setting] = JsonNode.Parse(value);
        File.WriteAllText(config, settings.ToJsonString());
    }

    /// <summary>Takes an array's shape away: all its values in one extent.</summary>
    private static void Flatten(string file, string array)
    {
        var bytes = File.ReadAllBytes(file);
        var length = (int)BitConverter.ToUInt64(bytes);
        var header = JsonNode.Parse(bytes.AsSpan(sizeof(ulong), length))!;
        header[array]!["shape"] = new JsonArray(header[array]!["shape"]!.AsArray().Aggregate(1, (volume, extent) => volume * (int)extent!));
        ModelFileTests.Write(Path.GetFileNameWithoutExtension(file), header.ToJsonString(), bytes[(sizeof(ulong) + length)..], Path.GetDirectoryName(file));
    }

    private void Copy(string from)
    {
        foreach (var folder in Directory.EnumerateDirectories(from, "*", SearchOption.AllDirectories))
            Directory.CreateDirectory(Path.Combine(_folder, Path.GetRelativePath(from, folder)));
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories).Where(file => !Path.GetFileName(file).StartsWith("lpips", StringComparison.Ordinal)))
            File.Copy(file, Path.Combine(_folder, Path.GetRelativePath(from, file)));
    }

    private sealed class Thrower(string file, Exception exception) : VerificationCase("a", file)
    {
        public override IEnumerable<OutputCheck> Run(VerificationSetting setting) => throw exception;
    }
}
