using Drift.Bench;
using NUnit.Framework;

namespace Drift.Tests.Bench;

public sealed class PlanTests
{
    private string _root = "";

    [SetUp]
    public void MakeFolder() => _root = Directory.CreateTempSubdirectory("drift-plan-").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_root, true);

    [Test]
    public async Task A_file_says_what_the_options_say()
    {
        File.WriteAllText(At("plan.toml"), """
            model = "dit-fashion"
            metric = ["psnr", "right"]
            ci = "1dB"
            ceiling = 50
            sampling-steps = 6
            classes = ["bag", "coat"]

            [axes]
            step = ["0-1", 5]
            block = [0, 11]
            rate = [1e-3, 0.01]
            """);
        var file = await Planned("--plan", At("plan.toml"));
        var options = await Planned("--metric", "psnr,right", "--ci", "1", "--ceiling", "50", "--sampling-steps", "6", "--classes", "bag,coat", "--steps", "0-1,5", "--blocks", "0,11", "--rates", "0.001,1e-2");
        Assert.That(file.ToJson(), Is.EqualTo(options.ToJson()));
        Assert.That(file.Cells, Is.EqualTo(8));
        Assert.That(file.ValuesOf(5), Is.EqualTo(new[] { "0.01", "0-1", "11" }), "the last axis runs fastest");
    }

    [TestCase("colour = 1", "'colour'", "ceiling")]
    [TestCase("ci = true", "ci is a Boolean")]
    [TestCase("model = \"dit-fashion", "plan.toml")]
    [TestCase("[axes]\nhue = [1]", "'hue'", "step")]
    [TestCase("[axes]\nblock = [99]", "'99'", "0, 1, 2")]
    [TestCase("trials = -1", "--trials")]
    public async Task A_file_that_is_wrong_is_one_line(string text, params string[] told)
    {
        File.WriteAllText(At("plan.toml"), text);
        var run = await Invocation.Of(["sweep", "--plan", At("plan.toml")]);
        Assert.That((run.ExitCode, run.Error.Trim().Split('\n').Length), Is.EqualTo((ErrorPolicy.BadInput, 1)), run.Error);
        foreach (var words in told)
            Assert.That(run.Error, Does.Contain(words));
    }

    [Test]
    public async Task A_range_of_steps_is_each_of_them_and_a_group_is_one_value()
    {
        var plan = await Planned("--steps", "0..2,3-5", "--blocks", "0", "--sampling-steps", "6");
        Assert.That(plan.Axes[0].Values, Is.EqualTo(new[] { "0-0", "1-1", "2-2", "3-5" }));
    }

    [TestCase("{}", "plan.json: expected the plan of a campaign")]
    [TestCase("null", "plan.json: expected the plan of a campaign")]
    public async Task A_plan_that_lacks_its_fields_is_named(string text, string told)
    {
        File.WriteAllText(At("plan.json"), text);
        var run = await Invocation.Of(["sweep", "--plan", At("plan.json")]);
        Assert.That((run.ExitCode, run.Error.Trim().Split('\n').Length), Is.EqualTo((ErrorPolicy.BadInput, 1)), run.Error);
        Assert.That(run.Error, Does.Contain(told));
    }

    [Test]
    public void A_shard_that_is_none_is_refused_before_the_folder_is_claimed()
    {
        var run = CampaignBench.Run(CampaignBench.Plan("dit-fashion", 2, 1, (Axes.Step, "0"), (Axes.Block, "0")), At("run"), merge: At("nowhere"));
        Assert.That(run.ExitCode, Is.EqualTo(ErrorPolicy.BadInput));
        Assert.That(run.Error, Does.Contain("--merge").And.Contain(At("nowhere")));
        Assert.That(Directory.Exists(At("run")), Is.False);
    }

    [Test]
    public async Task A_plan_that_was_edited_after_its_run_began_is_refused()
    {
        var plan = CampaignBench.Plan("dit-fashion", 3, 2, (Axes.Step, "2"), (Axes.Block, "0,3"));
        Assert.That(CampaignBench.Run(plan, At("run")).ExitCode, Is.Zero);
        var file = Path.Combine(At("run"), CampaignFolder.PlanFile);
        File.WriteAllText(file, File.ReadAllText(file).Replace("\"guidance\": 2", "\"guidance\": 3", StringComparison.Ordinal));
        var edited = CampaignBench.Run(CampaignPlan.Read(file), At("run"));
        Assert.That((edited.ExitCode, edited.Error.Trim().Split('\n').Length), Is.EqualTo((ErrorPolicy.BadInput, 1)));
        Assert.That(edited.Error, Does.Contain("edited after the run began").And.Contain(plan.Hash()));
        File.WriteAllText(file, File.ReadAllText(file).Replace("\"block\"", "\"colour\"", StringComparison.Ordinal));
        var unknown = await Invocation.Of(["sweep", "--plan", file]);
        Assert.That((unknown.ExitCode, unknown.Error.Trim().Split('\n').Length), Is.EqualTo((ErrorPolicy.BadInput, 1)));
        Assert.That(unknown.Error, Does.Contain("'colour'"));
    }

    [Test]
    public void A_plan_of_a_class_that_the_model_has_not_is_refused()
    {
        var run = CampaignBench.Run(CampaignBench.Plan("dit-fashion", 2, 1, (Axes.Step, "0")) with { Subjects = ["unicorn"] }, At("run"));
        Assert.That((run.ExitCode, run.Error.Trim().Split('\n').Length), Is.EqualTo((ErrorPolicy.BadInput, 1)), run.Error);
        Assert.That(run.Error, Does.Contain("'unicorn'").And.Contain("bag"));
    }

    [Test]
    public async Task A_plan_and_options_that_make_one_contradict()
    {
        File.WriteAllText(At("plan.toml"), "trials = 3");
        var run = await Invocation.Of(["sweep", "--plan", At("plan.toml"), "--blocks", "3"]);
        Assert.That(run.Error, Does.Contain("--blocks").And.Contain("--plan"));
    }

    [Test]
    public void A_dry_run_counts_and_writes_nothing()
    {
        using StringWriter output = new(), error = new();
        var plan = CampaignBench.Plan("dit-fashion", 4, 100, (Axes.Step, "0,3"), (Axes.Block, "0..11"));
        var options = new SweepOptions(plan, ModelFolder.Find("dit-fashion"), At("never"), "host", 2, false, true, Shard.Whole);
        Assert.That(Campaign.Run(options, new Session(output, error, default)), Is.Zero);
        Assert.That(output.ToString(), Does.Contain("24 cells: 2 step x 12 block").And.Contain("2400 to 2400 trials, 2.5 of 4 steps each"));
        Assert.That(Directory.Exists(At("never")), Is.False);
    }

    [Test]
    public void Shards_merge_into_the_campaign_in_any_order_and_more_than_once()
    {
        var plan = CampaignBench.Plan("dit-fashion", 3, 4, (Axes.Step, "0,2"), (Axes.Block, "0,3,7"));
        Assert.That(CampaignBench.Run(plan, At("whole")).Error, Is.Empty);
        var shards = Enumerable.Range(0, 3).Select(number => At($"shard-{number}")).ToList();
        for (var number = 0; number < 3; number++)
            Start(plan, shards[number], new Shard(number, 3), []);
        Start(plan, At("merged"), Shard.Whole, [shards[2], shards[0], shards[2], shards[1]]);
        var again = Start(plan, At("merged"), Shard.Whole, [shards[0], shards[1], shards[2]]);
        Assert.That(again, Does.Contain(", 0 of them drawn now"));
        foreach (var file in new[] { CellsCsv.FileName, "summary.json", "knee.png", ReportPage.FileName })
            Assert.That(File.ReadAllBytes(Path.Combine(At("merged"), file)), Is.EqualTo(File.ReadAllBytes(Path.Combine(At("whole"), file))), file);
        Assert.That(Journal<TrialRow>.Records(Path.Combine(At("merged"), CampaignFolder.JournalFile)).Count(), Is.EqualTo(24));
        // A shard that is lost is drawn where the others are merged.
        Start(plan, At("lost"), Shard.Whole, [shards[0], shards[2]]);
        Assert.That(File.ReadAllBytes(Path.Combine(At("lost"), CellsCsv.FileName)), Is.EqualTo(File.ReadAllBytes(Path.Combine(At("whole"), CellsCsv.FileName))));
    }

    private string At(string name) => Path.Combine(_root, name);

    private static string Start(CampaignPlan plan, string folder, Shard shard, IReadOnlyList<string> merge)
    {
        using StringWriter output = new(), error = new();
        var options = new SweepOptions(plan, ModelFolder.Find(plan.Model), folder, "host", 2, false, false, shard) { Merge = merge };
        Assert.That(Campaign.Run(options, new Session(output, error, default)), Is.Zero, error.ToString());
        return output.ToString();
    }

    private static async Task<CampaignPlan> Planned(params string[] arguments)
    {
        var run = await Invocation.Of(["sweep", .. arguments]);
        Assert.That(run.Error, Is.Empty);
        return run.Swept!.Plan;
    }
}
