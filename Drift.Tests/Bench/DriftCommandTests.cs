using Drift.Bench;
using Drift.Dvfs;
using Drift.Kernels;
using Drift.Models;
using NUnit.Framework;

namespace Drift.Tests.Bench;

public sealed class DriftCommandTests
{
    [TestCase("", "compare, generate, verify, quality, model, skeleton, devices, bench")]
    [TestCase("compere", "'compere'", "compare, generate")]
    [TestCase("compare --frob 1", "'--frob'", "compare --help")]
    [TestCase("compare --model nope", "'nope'", "dit-fashion")]
    [TestCase("compare --model /", "model_index.json", "--model")]
    [TestCase("compare --classes boot", "'boot'", "9 ankle boot")]
    [TestCase("compare --classes 10", "'10'", "--classes")]
    [TestCase("compare --rows fp32,best", "'best'", "drift-overclocked")]
    [TestCase("compare --backend gpu", "'gpu'", "host")]
    [TestCase("compare --outputs narrow", "'narrow'", "saturating, wide")]
    [TestCase("compare --images 0", "--images", "'0'")]
    [TestCase("compare --steps 1001", "--steps", "1 to 1000")]
    [TestCase("compare --steps many", "--steps", "'many'")]
    [TestCase("compare --steps 2.5", "--steps", "'2.5'")]
    [TestCase("compare --guidance NaN", "--guidance", "'NaN'")]
    [TestCase("compare --voltage -1", "--voltage", "'-1'")]
    [TestCase("compare --frequency fast", "--frequency", "'fast'")]
    [TestCase("compare --ber 1.5", "--ber", "0 to 1")]
    [TestCase("compare --ber", "--ber")]
    [TestCase("compare --images 1 --images 2", "--images: given 2 times; expected once")]
    [TestCase("compare --images 1 --images", "--images: given 2 times; expected once")]
    [TestCase("compare --images", "--images: expected N, got nothing")]
    [TestCase("sweep --steps 0..50 --sampling-steps 50", "--steps", "'0..50'", "a..b", "first-last")]
    [TestCase("sweep --blocks 0-2", "--blocks", "'0-2'", "a..b")]
    [TestCase("sweep --seeds 0..99999 --bits 0..30", "--over", "100000 seed x 31 bit", "at most 1000000")]
    [TestCase("reproduce layout --model-dir nowhere", "--model-dir", "'nowhere'")]
    [TestCase("compare --tile 257", "--tile", "1 to 256")]
    [TestCase("compare --threshold 0", "--threshold", "'0'")]
    [TestCase("compare --interval 0", "--interval", "'0'")]
    [TestCase("compare --seed -1", "--seed", "'-1'")]
    [TestCase("compare --threads 0", "--threads", "'0'")]
    [TestCase("compare --layout diagonal", "'diagonal'", "tile-repacked")]
    [TestCase("compare --checkpoint-memory -1", "--checkpoint-memory", "'-1'")]
    [TestCase("compare --checkpoint-folder /tmp", "--checkpoint-folder", "--checkpoint-memory")]
    [TestCase("compare --checkpoint-memory 0 --checkpoint-folder nowhere", "--checkpoint-folder", "nowhere")]
    [TestCase("compare --checkpoint-place moon", "'moon'", "device, host")]
    [TestCase("compare --checkpoint-place host", "--checkpoint-place", "host's memory", "ilgpu-cuda")]
    [TestCase("trace --checkpoint-place device --backend reference", "--checkpoint-place", "reference")]
    [TestCase("interval --checkpoint-place host", "--checkpoint-place")]
    [TestCase("bench offload --checkpoint-place host", "--checkpoint-place")]
    [TestCase("compare --checkpoint-bytes-per-step 0", "--checkpoint-bytes-per-step", "'0'")]
    [TestCase("compare --operating-points nowhere.csv", "nowhere.csv")]
    [TestCase("compare --images --out x1", "--images", "'--out'")]
    [TestCase("compare --out r --json r/x.json", "--json", "--out")]
    [TestCase("compare --out r --json r", "--json", "--out")]
    [TestCase("compare --out . --json deep/x.json", "--json", "--out")]
    [TestCase("compare --prompt dog", "--prompt", "draws classes", "--classes")]
    [TestCase("generate --negative-prompt dog", "--negative-prompt", "draws classes")]
    [TestCase("generate --model pixart-emoji --classes all", "--classes", "draws prompts", "--prompt")]
    [TestCase("generate --model pixart-emoji --prompt --images 3", "--prompt")]
    [TestCase("generate --model pixart-emoji --prompt-file nowhere.txt", "--prompt-file", "nowhere.txt")]
    [TestCase("generate --model pixart-emoji --negative-prompt a --negative-prompt b", "--negative-prompt", "got 2")]
    [TestCase("compare --clip .", "--clip", "draws classes")]
    [TestCase("compare --model sd-emoji --clip nowhere", "--clip", "nowhere")]
    [TestCase("trace --rows drift,rollback", "--rows", "one row")]
    [TestCase("trace --rows fp32", "--rows", "one row")]
    [TestCase("trace --json x.json", "'--json'", "trace --help")]
    [TestCase("trace --images 3", "'--images'")]
    [TestCase("interval --json x.json", "'--json'")]
    [TestCase("abft --trials 1 --json /nowhere/x.json", "--json", "there is no folder /nowhere")]
    [TestCase("interval --interval 3", "'--interval'")]
    [TestCase("decode --cache taylorseer", "'--cache'")]
    [TestCase("decode --layers all", "'--layers'")]
    [TestCase("quantise-report --out x", "'--out'")]
    [TestCase("bench offload --out x", "'--out'")]
    [TestCase("trace --memory tape", "'tape'", "hbm2, ddr5")]
    [TestCase("trace --buffer -1", "--buffer", "'-1'")]
    [TestCase("interval --intervals 1,x", "--intervals", "'x'")]
    [TestCase("interval --intervals 0", "--intervals", "'0'")]
    [TestCase("interval --intervals 51", "--intervals", "50 steps")]
    [TestCase("interval --rows unprotected", "--rows", "keeps no checkpoints")]
    [TestCase("interval --checkpoint-bytes-per-step 9", "'--checkpoint-bytes-per-step'")]
    [TestCase("layout --out /", "--out", "folder")]
    [TestCase("bench offload --flat -1", "--flat", "'-1'")]
    [TestCase("bench offload --interval 0", "--interval", "'0'")]
    [TestCase("compare --layers attentions", "--layers", "'attentions'", "self-attention")]
    [TestCase("generate --weight-cache", "--weight-cache")]
    [TestCase("quantise-report --model nope", "'nope'", "dit-fashion")]
    [TestCase("sweep --over colour", "'colour'", "step", "block")]
    [TestCase("sweep --blocks 12", "'12'", "0, 1, 2")]
    [TestCase("sweep --steps 48-50", "'48-50'", "0-49")]
    [TestCase("sweep --steps 5-4", "'5-4'", "0-49")]
    [TestCase("sweep --roles conv", "'conv'", "qkv")]
    [TestCase("sweep --bits 32", "'32'", "0..31")]
    [TestCase("sweep --rates 2", "'2'", "0 to 1")]
    [TestCase("sweep --blocks 1,1", "1 is given twice")]
    [TestCase("sweep --protections prayer", "'prayer'", "rollback")]
    [TestCase("sweep --protections none,decode --tiles 32,128", "128", "decode")]
    [TestCase("sweep --over voltage --rates 1e-3", "rate and voltage")]
    [TestCase("sweep --over error-model", "voltage beside")]
    [TestCase("sweep --over ,", "empty")]
    [TestCase("sweep --metric beauty", "'beauty'", "psnr")]
    [TestCase("sweep --metric ssim", "--ci", "--trials")]
    [TestCase("sweep --ci 1 --trials 5", "--trials", "--ci")]
    [TestCase("sweep --ci narrow", "'narrow'", "dB")]
    [TestCase("sweep --floor 500", "--floor", "400")]
    [TestCase("sweep --shard 3/3", "'3/3'")]
    [TestCase("verify nowhere", "nowhere")]
    [TestCase("bench --backend gpu", "'gpu'")]
    [TestCase("bench gem", "'gem'", "gemm", "bench --help")]
    [TestCase("bench gemm --frob", "'--frob'", "bench gemm --help")]
    [TestCase("bench gemm abft", "'abft'", "bench gemm --help")]
    [TestCase("bench gemm --threads 0", "--threads", "'0'")]
    [TestCase("devices --tune host", "--tune", "'host'", "ilgpu-opencl")]
    [TestCase("bench gemm --shape 4x4", "--shape", "MxNxK", "'4x4'")]
    [TestCase("bench gemm --backend reference", "--backend", "'reference'", "ilgpu-opencl")]
    [TestCase("bench gemm --backend ilgpu-cpu --threads 2", "--threads", "ilgpu-cpu")]
    [TestCase("bench gemm --json", "--json")]
    [TestCase("bench gemm --type int8,int9", "--type", "'int9'", "int8, fp32, bf16")]
    [TestCase("bench abft --type bf16", "--type", "'bf16'", "int8, fp32")]
    [TestCase("bench gemm --layers dit", "--layers", "'dit'", "dit-xl")]
    [TestCase("bench roofline --threads 0", "--threads", "'0'")]
    [TestCase("bench roofline --out /", "--out", "folder")]
    [TestCase("bench --quick roofline", "--quick", "drift bench roofline")]
    [TestCase("bench gemm --json /", "--json", "folder")]
    [TestCase("bench gemm --json /nowhere/x.json", "--json", "/nowhere/x.json")]
    [TestCase("bench --quick gemm", "--quick", "drift bench gemm")]
    [TestCase("bench --quick decode", "--quick", "drift bench decode")]
    [TestCase("bench --out x offload", "--out", "drift bench offload")]
    public async Task Bad_input_is_one_line_and_exit_code_2(string line, params string[] said)
    {
        var run = await Invocation.Of(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.That(run.ExitCode, Is.EqualTo(ErrorPolicy.BadInput));
        Assert.That(run.Out, Is.Empty);
        Assert.That(run.Error, Does.StartWith("drift: ").And.EndsWith(Environment.NewLine));
        Assert.That(run.Error.TrimEnd(), Does.Not.Contain('\n').And.Not.Contain("   at "));
        foreach (var words in said)
            Assert.That(run.Error, Does.Contain(words));
        Assert.That(run.Compared, Is.Null);
    }

    [TestCase("--out", "compare", "--out", "")]
    [TestCase("--json", "compare", "--json", " ")]
    [TestCase("--model", "generate", "--model", "")]
    [TestCase("--operating-points", "compare", "--operating-points", "")]
    [TestCase("--out", "compare", "--out", "--json")]
    [TestCase("PATH", "verify", "")]
    public async Task Nothing_where_text_is_expected_is_said_of_the_option(string name, params string[] arguments)
    {
        var run = await Invocation.Of(arguments);
        Assert.That((run.ExitCode, run.Compared, run.Generated), Is.EqualTo((ErrorPolicy.BadInput, (CompareOptions?)null, (GenerateOptions?)null)));
        Assert.That(run.Error, Does.StartWith($"drift: {name}: expected ").And.Not.Contain("Parameter"));
    }

    [Test]
    public async Task A_json_beside_the_folder_is_taken() =>
        Assert.That((await Invocation.Of(["compare", "--out", "r", "--json", "rx.json"])).Compared!.Json, Is.EqualTo("rx.json"));

    [TestCase("""{"num_train_timesteps": 20}""", "30", "'20'")]
    [TestCase("""{"num_train_timesteps": 20, "steps_offset": 5}""", "20", "offset of 5")]
    public async Task Steps_that_the_models_sampler_does_not_have_are_refused_before_any_work(string settings, string steps, string said)
    {
        var folder = Directory.CreateTempSubdirectory("drift-").FullName;
        try
        {
            Directory.CreateDirectory(Path.Combine(folder, "scheduler"));
            File.WriteAllText(Path.Combine(folder, "model_index.json"), """{"_class_name": "DiTPipeline", "id2label": {"0": "bag"}}""");
            File.WriteAllText(Path.Combine(folder, "scheduler", "scheduler_config.json"), settings.Replace("{", """{"_class_name": "DDIMScheduler", """));
            var run = await Invocation.Of(["compare", "--model", folder, "--steps", steps]);
            Assert.That((run.ExitCode, run.Compared), Is.EqualTo((ErrorPolicy.BadInput, (CompareOptions?)null)));
            Assert.That(run.Error.TrimEnd(), Does.StartWith("drift: --steps: ").And.Contain(said).And.Not.Contain("Parameter").And.Not.Contain('\n'));
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    [TestCase("""{"99999999999": "bag"}""", "0 to 0")]
    [TestCase("""{"0": "bag", "2": "coat"}""", "without a number 1")]
    [TestCase("""{"0": 7}""", "id2label.0")]
    [TestCase("[]", "id2label")]
    public async Task Class_names_that_are_not_numbered_from_0_are_refused(string labels, string said)
    {
        var folder = Directory.CreateTempSubdirectory("drift-").FullName;
        try
        {
            var index = Path.Combine(folder, "model_index.json");
            File.WriteAllText(index, $$"""{"_class_name": "DiTPipeline", "id2label": {{labels}}}""");
            var run = await Invocation.Of(["compare", "--model", folder]);
            Assert.That(run.ExitCode, Is.EqualTo(ErrorPolicy.BadInput));
            Assert.That(run.Error.TrimEnd(), Does.StartWith($"drift: {index}: ").And.Contain(said).And.Not.Contain('\n'));
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    [TestCase("compare")]
    [TestCase("bench")]
    public async Task An_unknown_instruction_path_is_said_of_its_variable(string command)
    {
        Environment.SetEnvironmentVariable(InstructionSet.Variable, "foo");
        try
        {
            var run = await Invocation.Of([command]);
            Assert.That((run.ExitCode, run.Compared), Is.EqualTo((ErrorPolicy.BadInput, (CompareOptions?)null)));
            Assert.That(run.Error, Does.StartWith("drift: DRIFT_ISA: ").And.Contain("'foo'").And.Contain("portable"));
            Assert.That((await Invocation.Of(["devices"])).Out, Does.Contain("'foo'").And.Not.Contain("Parameter"));
            Assert.That((await Invocation.Of(["compare", "--backend", "reference"])).ExitCode, Is.Zero, "which takes no instruction path");
        }
        finally
        {
            Environment.SetEnvironmentVariable(InstructionSet.Variable, null);
        }
    }

    [Test]
    public async Task Help_gives_the_ranges() =>
        Assert.That((await Invocation.Of(["compare", "--help"])).Out, Does.Contain("1..256").And.Contain("0..1").And.Contain("1..1000"));

    [Test]
    public async Task Comparing_needs_no_arguments()
    {
        var options = (await Invocation.Of(["compare"])).Compared!;
        Assert.That(options.Sampling.Model.Name, Is.EqualTo("dit-fashion"));
        Assert.That(options.Sampling.Subjects, Is.EqualTo(Enumerable.Range(0, 10).Select(label => new ClassSubject(label))));
        Assert.That(options.Sampling, Has.Property("Images").AtLeast(16).And.Property("Steps").EqualTo(50).And.Property("Guidance").EqualTo(2.0)
            .And.Property("Backend").EqualTo(Backends.Default).And.Property("Out").Null);
        Assert.That(options, Has.Property("Voltage").EqualTo(0.675).And.Property("Frequency").EqualTo(3.574).And.Property("BitErrorRate").Null
            .And.Property("Tile").EqualTo(32).And.Property("Threshold").EqualTo(1024).And.Property("Interval").EqualTo(10)
            .And.Property("Outputs").EqualTo(OutputForm.Saturating).And.Property("OperatingPoints").Null);
        Assert.That(options.Rows, Is.EqualTo(CompareRow.Names));
    }

    [Test]
    public async Task Every_option_reaches_the_body()
    {
        var model = DataFolder.Path("models", "dit-fashion");
        var points = DataFolder.Path("fixtures", "faults", "cost.csv");
        string[] arguments =
        [
            "compare", "--model", model, "--classes", "bag, 3", "--images", "5", "--steps", "7", "--guidance", "1.5", "--voltage", "0.7", "--frequency", "3", "--ber", "1e-3",
            "--tile", "64", "--threshold", "256", "--interval", "4", "--seed", "18446744073709547519", "--backend", "reference", "--threads", "3", "--out", "o", "--json", "j",
            "--rows", "drift,fp32", "--outputs", "wide", "--operating-points", points,
        ];
        var options = (await Invocation.Of(arguments)).Compared!;
        Assert.That(options.Sampling.Subjects, Is.EqualTo(new[] { new ClassSubject(8), new ClassSubject(3) }));
        Assert.That(options.Sampling with { Model = null!, Subjects = [] },
            Is.EqualTo(new SamplingOptions(null!, [], 5, 7, 1.5, 18446744073709547519, "reference", 3, "o")));
        Assert.That(options.Rows, Is.EqualTo(new[] { "fp32", "drift" }), "in table order, whatever the order on the command line");
        Assert.That(options with { Sampling = null!, Rows = [] }, Is.EqualTo(new CompareOptions(null!, 0.7, 3, 1e-3, 64, 256, 4, "j", [], OutputForm.Wide, points)));
        Assert.That((options.Sampling.LabelOf(3), options.Sampling.SeedOf(3)), Is.EqualTo(("dress", 18446744073709547522UL)));
    }

    [Test]
    public async Task A_model_that_draws_prompts_brings_its_own_defaults()
    {
        var options = (await Invocation.Of(["compare", "--model", "pixart-emoji"])).Compared!;
        Assert.That(options.Sampling, Has.Property("Steps").EqualTo(20).And.Property("Guidance").EqualTo(3.0));
        Assert.That((options.Interval, options.Sampling.Settings.TextTokens), Is.EqualTo((8, 24)));
        Assert.That(options.Sampling.Subjects, Has.Count.GreaterThan(3).And.All.InstanceOf<PromptSubject>());
        var settings = options.ToSettings();
        Assert.That(settings.Keys, Is.SupersetOf(new[] { "prompts", "negativePrompt", "textTokens" }).And.Not.Contains("classes"));
        Assert.That(PictureRecord.Of(options.Sampling, 0), Is.EqualTo(new PictureRecord(0, null, null, options.Sampling.LabelOf(0))));
    }

    [TestCase("sd-emoji", 50, 10)]
    [TestCase("pixart-emoji", 20, 8)]
    public async Task A_shipped_model_of_prompts_is_scored_by_the_shipped_clip(string model, int steps, int interval)
    {
        var options = (await Invocation.Of(["compare", "--model", model])).Compared!;
        Assert.That((options.Sampling.Steps, options.Interval, Path.GetFileName(options.Clip)), Is.EqualTo((steps, interval, "clip-emoji")));
        Assert.That(Path.Combine(options.Clip!, "preprocessor_config.json"), Does.Exist);
        Assert.That((await Invocation.Of(["compare", "--model", model, "--clip", "."])).Compared!.Clip, Is.EqualTo("."));
    }

    [Test]
    public async Task Prompts_come_from_options_and_a_file_in_this_order()
    {
        var folder = Directory.CreateTempSubdirectory("drift-").FullName;
        try
        {
            var file = Path.Combine(folder, "prompts.txt");
            File.WriteAllText(file, "a lighthouse at dawn\n\n  two foxes  \n");
            var options = (await Invocation.Of(["generate", "--model", "pixart-emoji", "--prompt", "dog face", "--prompt", "", "--prompt-file", file, "--negative-prompt", "cat"])).Generated!;
            Assert.That(options.Sampling.Subjects, Is.EqualTo(
                new[] { "dog face", "", "a lighthouse at dawn", "  two foxes  " }.Select(prompt => new PromptSubject(prompt, "cat"))));
            File.WriteAllText(file, "\n");
            Assert.That((await Invocation.Of(["generate", "--model", "pixart-emoji", "--prompt-file", file])).Error, Does.StartWith("drift: --prompt-file: ").And.Contain("no prompt"));
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    [TestCase("""{"_class_name": "FluxPipeline"}""", "'FluxPipeline'", "DiTPipeline, PixArtAlphaPipeline")]
    [TestCase("""{"_class_name": "PixArtAlphaPipeline"}""", "--prompt", "no prompts of its own")]
    public async Task A_folder_of_another_pipeline_is_named_with_those_that_are_supported(string index, params string[] said)
    {
        var folder = Directory.CreateTempSubdirectory("drift-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(folder, "model_index.json"), index);
            var run = await Invocation.Of(["compare", "--model", folder]);
            Assert.That((run.ExitCode, run.Compared), Is.EqualTo((ErrorPolicy.BadInput, (CompareOptions?)null)));
            foreach (var words in said)
                Assert.That(run.Error.TrimEnd(), Does.Contain(words).And.Not.Contain('\n'));
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    [Test]
    public async Task Generate_takes_the_sampling_options()
    {
        var options = (await Invocation.Of(["generate", "--classes", "coat", "--precision", "int8"])).Generated!;
        Assert.That((options.Sampling.Subjects.Single(), options.Quantised), Is.EqualTo(((Subject)new ClassSubject(4), true)));
    }

    [Test]
    public async Task Failures_of_libraries_are_one_line_without_their_parameters()
    {
        Exception[] failures =
        [
            new UserErrorException("the line"), new InvalidDataException("the line"), new ModelFormatException("the line"),
            new BackendUnavailableException("the line"), new IOException("the line"), new UnauthorizedAccessException("the line"),
            new OperatingPointException("the line"), new UserErrorException("the\nline"),
        ];
        foreach (var failure in failures)
        {
            var run = await Invocation.Of(["compare"], _ => throw failure);
            Assert.That((run.ExitCode, run.Error.TrimEnd()), Is.EqualTo((ErrorPolicy.BadInput, "drift: the line")), failure.GetType().Name);
        }
    }

    [Test]
    public async Task A_bug_keeps_its_stack_trace()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(() => Invocation.Of(["compare"], _ => throw new InvalidOperationException("a bug")));
        await Assert.ThrowsAsync<ArgumentException>(() => Invocation.Of(["compare"], _ => throw new ArgumentException("a caller's bug", "rows")));
    }

    [Test]
    public async Task A_cancelled_run_is_one_line_and_exit_code_130()
    {
        using var source = new CancellationTokenSource();
        var run = await Invocation.Of(["compare"], session =>
        {
            source.Cancel();
            session.Cancellation.WaitHandle.WaitOne(TimeSpan.FromSeconds(10));
            session.Cancellation.ThrowIfCancellationRequested();
            return 0;
        }, source.Token);
        Assert.That(run.ExitCode, Is.EqualTo(ErrorPolicy.Cancelled));
        Assert.That(run.Error.Trim().Split('\n'), Has.Length.EqualTo(1));
    }

    [Test]
    public async Task Devices_lists_backends_and_instruction_sets()
    {
        var run = await Invocation.Of(["devices"]);
        Assert.That(run.ExitCode, Is.Zero);
        foreach (var backend in Backends.Survey())
            Assert.That(run.Out, Does.Contain(backend.Name));
        foreach (var set in InstructionSet.Survey())
            Assert.That(run.Out, Does.Contain(set.Name).And.Contain(set.Detail));
        Assert.That(InstructionSet.Survey().Single(set => set.Name == "AVX2").Available, Is.EqualTo(System.Runtime.Intrinsics.X86.Avx2.IsSupported));
        Assert.That(InstructionSet.Survey().Single(set => set.Name == "AVX-VNNI").Available, Is.EqualTo(System.Runtime.Intrinsics.X86.AvxVnni.IsSupported));
    }
}
