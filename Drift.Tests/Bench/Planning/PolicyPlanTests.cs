using System.Globalization;
using System.Text.Json;
using Drift.Bench;
using Drift.Models;
using NUnit.Framework;

namespace Drift.Tests.Bench;

/// <summary>drift plan from end to end, on as little as it takes.</summary>
public sealed class PolicyPlanTests
{
    private static readonly string[] Small =
        ["plan", "--steps", "3", "--images", "2", "--fresh", "4", "--codes", "decode", "--lowest", "0.62", "--highest", "0.7", "--voltage-step", "0.02", "--threads", "2"];

    private string _folder = "";

    [SetUp]
    public void Name() => _folder = Path.Combine(TestContext.CurrentContext.WorkDirectory, $"{Guid.NewGuid():N}");

    [TearDown]
    public void Delete()
    {
        if (Directory.Exists(_folder))
            Directory.Delete(_folder, true);
    }

    [Test]
    public async Task A_plan_is_written_and_compare_runs_it()
    {
        var run = await Plan("one", "ssim>=0.3");
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(Directory.EnumerateFileSystemEntries(_folder).Select(Path.GetFileName), Is.EqualTo(new[] { "one" }), "the journal is gone");
        var file = Path.Combine(_folder, "one", "policy.json");
        var policy = PolicyFile.Read(file);
        Assert.That((policy.Protection, policy.Policy), Is.EqualTo(("decode", "table")));
        Assert.That(policy.Points.Select(point => point.Volts), Has.All.InRange(.62, .7));
        Assert.That(run.Out, Does.Contain("sensitivity, steps 0-1 at ").And.Contain("paper's schedule").And.Contain("holds with 95 % confidence"));

        Assert.That(await Faults("feed-forward"), Is.GreaterThan(0).And.LessThan(await Faults("default")), "a policy speaks of the layers that --layers names");

        async Task<long> Faults(string layers)
        {
            using var output = new StringWriter();
            var exit = await DriftCommand.Run(["compare", "--steps", "3", "--images", "1", "--rows", "nominal", "--policy", file, "--layers", layers, "--out", Path.Combine(_folder, layers)],
                new CommandBodies(Comparison.Run, (_, _) => 0, (_, _) => 0, (_, _) => 0), output, TextWriter.Null);
            Assert.That(exit, Is.Zero);
            var (names, values) = (File.ReadLines(Path.Combine(_folder, layers, "result.csv")).First().Split(','), File.ReadLines(Path.Combine(_folder, layers, "result.csv")).Last().Split(','));
            Assert.That(values[0], Is.EqualTo("policy"));
            return long.Parse(values[Array.IndexOf(names, "faultsInjected")], CultureInfo.InvariantCulture);
        }
    }

    [Test]
    public async Task An_interrupted_plan_resumes_and_comes_out_the_same()
    {
        var whole = await Plan("whole", "ssim>=0.3");
        using var stop = new CancellationTokenSource();
        var broken = await Plan("parts", "ssim>=0.3", new Interrupting("lowest uniform voltage", stop), stop.Token);
        Assert.That((whole.ExitCode, broken.ExitCode), Is.EqualTo((0, ErrorPolicy.Cancelled)));
        Assert.That(broken.Error, Does.Contain("the same command goes on from there"));
        Assert.That(Directory.Exists(Path.Combine(_folder, "parts")), Is.False, "nothing half-written");
        var journal = Path.Combine(_folder, "parts.journal");
        var kept = File.ReadAllLines(journal);
        Assert.That(kept, Has.Length.GreaterThan(2));
        File.AppendAllText(journal, kept[^1][..20]);

        Assert.That((await Plan("parts", "ssim>=0.25")).Error, Does.Contain("parts.journal is the journal of a plan with other settings"));
        var resumed = await Plan("parts", "ssim>=0.3");
        Assert.That(resumed.ExitCode, Is.Zero, resumed.Error);
        Assert.That(Result("parts"), Is.EqualTo(Result("whole")));
    }

    [Test]
    public async Task A_plan_may_be_made_for_wide_outputs_other_errors_and_several_codes()
    {
        var folder = Path.Combine(_folder, "other");
        var run = await Invocation.Of(["plan", "--budget", "ssim>=0.3", "--wide", "--error-model", "surface", "--codes", "decode,decode-16", "--schedules", "2", "--steps", "2", "--images", "1",
            "--fresh", "2", "--lowest", "0.68", "--highest", "0.7", "--voltage-step", "0.02", "--out", folder]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Out.Split('\n').Count(line => line.StartsWith("schedule: ", StringComparison.Ordinal)), Is.EqualTo(2), "one for either code");
        Assert.That(PolicyFile.Read(Path.Combine(folder, "policy.json")).Wide);
        using var plan = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "plan.json")));
        var settings = plan.RootElement.GetProperty("settings");
        Assert.That((settings.GetProperty("errorModel").GetString(), settings.GetProperty("schedules").GetInt32()), Is.EqualTo(("surface", 2)));
    }

    [Test]
    public async Task A_budget_that_cannot_be_met_says_the_best_and_its_cost()
    {
        var run = await Plan("never", "psnr>=98");
        Assert.That(run.ExitCode, Is.EqualTo(ErrorPolicy.BadInput));
        Assert.That(run.Error, Does.Contain("nothing from 0.62 to 0.7 V keeps psnr>=98 on 2 pictures; the best found is decode at 0.7 V with psnr").And.Contain("% of the nominal energy"));
        Assert.That(Directory.Exists(Path.Combine(_folder, "never")) || File.Exists(Path.Combine(_folder, "never.journal")), Is.False);
    }

    [Test]
    public void A_journal_that_is_none_is_left_alone_and_one_of_other_files_is_refused()
    {
        var path = Path.Combine(Directory.CreateDirectory(_folder).FullName, "x.journal");
        File.WriteAllText(path, "notes of my own\nin two lines\n");
        Assert.That(Assert.Throws<UserErrorException>(() => new PlanJournal(path, "a").Dispose())!.Message, Does.Contain(path).And.Contain("no journal"));
        Assert.That(File.ReadAllText(path), Does.StartWith("notes of my own"));
        File.Delete(path);
        new PlanJournal(path, "a").Dispose();
        Assert.That(File.Exists(path), Is.False, "nothing was measured");

        var options = new PlanOptions(new SamplingOptions(ModelFolder.Find(Copied()), [new ClassSubject(0)], 1, 2, 2, 0, "host", 1, null), QualityBudget.Parse("psnr>=paper"), Objective.Energy, ["decode"]);
        var trial = new PlanTrial(options.PaperSchedule(), [40], new RelativeCost(1, 1, 1));
        using (var journal = new PlanJournal(path, options.ToLine()))
            journal.Add("0+1", trial);
        using (var journal = new PlanJournal(path, options.ToLine()))
            Assert.That(journal.Find("0+1", trial.Policy)!.Quality, Is.EqualTo(40));
        File.AppendAllText(Path.Combine(Copied(), "scheduler", "scheduler_config.json"), " ");
        Assert.That(Assert.Throws<UserErrorException>(() => new PlanJournal(path, options.ToLine()).Dispose())!.Message, Does.Contain("of another model"));
    }

    /// <summary>A model of one's own.</summary>
    private string Copied()
    {
        var (from, to) = (DataFolder.Path("models", "dit-fashion"), Path.Combine(_folder, "mine"));
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories).Where(_ => !Directory.Exists(Path.Combine(to, "vae"))).ToList())
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(to, Path.GetRelativePath(from, file)))!);
            File.Copy(file, Path.Combine(to, Path.GetRelativePath(from, file)), overwrite: true);
        }

        return to;
    }

    [Test]
    public async Task A_plan_that_is_cancelled_says_in_one_line_what_is_kept()
    {
        using var source = new CancellationTokenSource();
        var going = Invocation.Of(["plan", "--steps", "3", "--images", "2", "--fresh", "2", "--out", Path.Combine(_folder, "stopped")], cancellation: source.Token);
        var journal = Path.Combine(_folder, "stopped.journal");
        while (!(File.Exists(journal) && new FileInfo(journal).Length > 0) && !going.IsCompleted)
            await Task.Delay(5);
        await source.CancelAsync();
        var run = await going;
        Assert.That(run.ExitCode, Is.EqualTo(ErrorPolicy.Cancelled));
        Assert.That(run.Error.Trim(), Does.StartWith("drift: cancelled; what was measured so far is kept in").And.Contain(journal).And.Not.Contain('\n'));
    }

    [TestCase("ssim>0.9")]
    [TestCase("ssim>=1.5")]
    [TestCase("lpips>=0.1")]
    [TestCase("psnr>=NaN")]
    [TestCase("psnr>=")]
    public void A_budget_of_another_form_is_refused(string text) =>
        Assert.That(Assert.Throws<UserErrorException>(() => QualityBudget.Parse(text))!.Message, Does.StartWith("--budget: expected psnr>=DB").And.Contain($"not '{text}'"));

    [Test]
    public async Task Codes_that_do_not_exist_are_refused() =>
        Assert.That((await Invocation.Of(["plan", "--codes", "decode,best"])).Error, Does.Contain("--codes: 'best' cannot be planned with; expected some of none, recompute"));

    private async Task<Invocation> Plan(string name, string budget, StringWriter? output = null, CancellationToken cancellation = default)
    {
        using var error = new StringWriter();
        output ??= new StringWriter();
        var bodies = new CommandBodies((_, _) => 0, (_, _) => 0, (_, _) => 0, (_, _) => 0);
        var exit = await DriftCommand.Run([.. Small, "--budget", budget, "--out", Path.Combine(_folder, name)], bodies, output, error, cancellation);
        return new Invocation(exit, output.ToString(), error.ToString());
    }

    /// <summary>All of plan.json, which holds no path and no time.</summary>
    private string Result(string name)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(_folder, name, "plan.json")));
        return document.RootElement.GetRawText();
    }

    /// <summary>Cancels when a line has some words.</summary>
    private sealed class Interrupting(string words, CancellationTokenSource stop) : StringWriter
    {
        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            if (value?.Contains(words, StringComparison.Ordinal) == true)
                stop.Cancel();
        }
    }
}
