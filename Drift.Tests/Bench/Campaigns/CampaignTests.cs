using Drift.Bench;
using NUnit.Framework;

namespace Drift.Tests.Bench;

/// <summary>What a campaign's folder says is a function of its plan, whatever happened on the way.</summary>
[TestFixture]
public sealed class CampaignTests
{
    private string _root = "";
    private CampaignPlan _plan = null!;
    private byte[] _expected = [];

    [OneTimeSetUp]
    public void RunOnce()
    {
        _root = Directory.CreateTempSubdirectory("drift-sweep-").FullName;
        _plan = CampaignBench.Plan("dit-fashion", 4, 6, (Axes.Step, "0,2-3"), (Axes.Block, "0,5,11"));
        var run = CampaignBench.Run(_plan, At("whole"), threads: 1);
        Assert.That((run.ExitCode, run.Error), Is.EqualTo((ErrorPolicy.Success, "")));
        _expected = Cells("whole");
    }

    [OneTimeTearDown]
    public void RemoveFolder() => Directory.Delete(_root, true);

    [Test]
    public void One_trial_a_cell_has_no_interval()
    {
        var run = CampaignBench.Run(CampaignBench.Plan("dit-fashion", 2, 1, (Axes.Step, "0")), At("single"), threads: 1);
        Assert.That(run.Out, Does.Contain("no cell has the two trials that an interval takes").And.Not.Contain("±"));
    }

    [Test]
    public void Threads_do_not_change_a_byte()
    {
        CampaignBench.Run(_plan, At("threads"), threads: 3);
        Assert.That(Cells("threads"), Is.EqualTo(_expected));
    }

    [Test]
    public void Interruptions_do_not_change_a_byte()
    {
        var (interruptions, exit) = (0, ErrorPolicy.Cancelled);
        for (; exit == ErrorPolicy.Cancelled; interruptions++)
        {
            // At a record that is written, whenever that is on this machine.
            using var stop = new CancellationTokenSource();
            var seen = new FileInfo(Path.Combine(At("stopped"), CampaignFolder.JournalFile)) is { Exists: true } file ? file.Length : 0;
            using var timer = new Timer(_ =>
            {
                if (new FileInfo(Path.Combine(At("stopped"), CampaignFolder.JournalFile)) is { Exists: true } now && now.Length > seen)
                    stop.Cancel();
            }, null, 0, 2);
            exit = CampaignBench.Run(_plan, At("stopped"), 2, cancellation: stop.Token).ExitCode;
        }

        Assert.That(exit, Is.EqualTo(ErrorPolicy.Success));
        Assert.That(interruptions, Is.GreaterThan(1), "the last run counts too");
        Assert.That(Cells("stopped"), Is.EqualTo(_expected));
    }

    [Test]
    public void A_damaged_journal_is_mended_and_what_was_dropped_is_drawn_again()
    {
        CampaignBench.Run(_plan, At("damaged"));
        var journal = Path.Combine(At("damaged"), CampaignFolder.JournalFile);
        var lines = File.ReadAllLines(journal);
        lines[3] = lines[3].Replace("\"faults\":", "\"faults\":1", StringComparison.Ordinal);
        File.WriteAllText(journal, string.Join('\n', lines)[..^20]);
        var run = CampaignBench.Run(_plan, At("damaged"));
        Assert.That(run.ExitCode, Is.Zero);
        Assert.That(run.Error, Does.Contain("2 damaged records were dropped").And.Contain(journal));
        Assert.That(run.Out, Does.Contain(", 2 of them drawn now"));
        Assert.That(Cells("damaged"), Is.EqualTo(_expected));
        Assert.That(Journal<TrialRow>.Read(journal, _ => { }), Is.Zero);
    }

    [Test]
    public void Shards_are_disjoint_and_together_all_cells() =>
        Assert.That(Enumerable.Range(0, 3).SelectMany(number => Enumerable.Range(0, 100).Where(new Shard(number, 3).Has)), Is.EquivalentTo(Enumerable.Range(0, 100)));

    [Test]
    public void Another_plan_is_refused_with_the_difference_and_changes_nothing()
    {
        var before = Directory.GetFiles(At("whole")).ToDictionary(file => file, File.ReadAllBytes);
        var other = CampaignBench.Plan("dit-fashion", 4, 7, (Axes.Step, "0,2-3"), (Axes.Block, "0,5,10"));
        var run = CampaignBench.Run(other, At("whole"));
        Assert.That(run.ExitCode, Is.EqualTo(ErrorPolicy.BadInput));
        Assert.That(run.Error, Does.Contain("axes.block").And.Contain("\"11\"").And.Contain("\"10\"").And.Contain("stopping.ceiling 6 -> 7").And.Contain("whole-2"));
        Assert.That(run.Error.Trim(), Does.Not.Contain('\n'));
        Assert.That(Directory.GetFiles(At("whole")).ToDictionary(file => file, File.ReadAllBytes), Is.EqualTo(before));
    }

    [Test]
    public void A_folder_at_work_or_of_something_else_is_refused()
    {
        using (CampaignFolder.Open(At("busy"), _plan))
            Assert.That(CampaignBench.Run(_plan, At("busy")).Error, Does.Contain("another process is at work in"));
        Directory.CreateDirectory(At("taken"));
        File.WriteAllText(Path.Combine(At("taken"), "thesis.tex"), "");
        var run = CampaignBench.Run(_plan, At("taken"));
        Assert.That((run.ExitCode, run.Error), Is.EqualTo((ErrorPolicy.BadInput, $"drift: --out: {At("taken")} is taken; expected a new or empty folder, or one of a campaign{Environment.NewLine}")));
        Assert.That(Directory.GetFiles(At("taken")), Has.Length.EqualTo(1));
    }

    private string At(string name) => Path.Combine(_root, name);

    private byte[] Cells(string name) => File.ReadAllBytes(Path.Combine(At(name), CellsCsv.FileName));
}
