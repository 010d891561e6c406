using System.Text;
using Drift.Bench;
using Drift.Dvfs;
using NUnit.Framework;

namespace Drift.Tests.Bench;

/// <summary>A table that was stopped goes on from its journal, and ends as one that was not.</summary>
internal sealed class ScoreJournalTests
{
    private static readonly Budget Smallest = new("smallest", 8, 1, [1e-3, 3e-2], new DuelSettings(TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero, 1, 1), 2);

    private string _folder = "";

    private string File => Path.Combine(_folder, ".table.journal");

    [SetUp]
    public void Open() => _folder = Directory.CreateTempSubdirectory("drift-").FullName;

    [TearDown]
    public void Close() => Directory.Delete(_folder, true);

    [Test]
    public void A_score_comes_back_from_its_line()
    {
        using var models = new TrainedModels(Smallest with { Pictures = 1 }, 1);
        var model = models.For("dit");
        var score = model.Draw([Protected(model)], CancellationToken.None)[0].Pictures[0];
        Assert.That(PictureScore.FromJson(score.ToJson()), Is.EqualTo(score));
        Assert.That(new[] { score.Faults, score.Cost.CheckEnergy.Value, score.Cost.Traffic.Checkpoints.Value }, Has.All.Positive);
    }

    [Test]
    public void Pictures_of_a_journal_are_not_drawn_again_and_missing_ones_are()
    {
        using var models = new TrainedModels(Smallest, 2);
        var model = models.For("dit");
        Trial[] trials = [Protected(model), model.Nominal];
        var undisturbed = model.Draw(trials, CancellationToken.None);
        using (var journal = new ScoreJournal(File, "one"))
            Assert.That(Values(model.Draw(trials, CancellationToken.None, null, journal)), Is.EqualTo(Values(undisturbed)));

        var nothingMayBeDrawn = new CancellationToken(canceled: true);
        using (var journal = new ScoreJournal(File, "one"))
            Assert.That((journal.Kept, Values(model.Draw(trials, nothingMayBeDrawn, null, journal))), Is.EqualTo((16, Values(undisturbed))));

        // The second slice is torn: only it is drawn again.
        using (var stream = new FileStream(File, FileMode.Open))
            stream.SetLength(stream.Length - 5);
        using (var journal = new ScoreJournal(File, "one"))
        {
            Assert.That(journal.Kept, Is.EqualTo(15));
            Assert.That(Values(model.Draw(trials, CancellationToken.None, null, journal)), Is.EqualTo(Values(undisturbed)));
        }

        using (var journal = new ScoreJournal(File, "another program"))
        {
            Assert.That(journal.Kept, Is.Zero, "pictures of another program are not taken");
            journal.Delete();
        }

        Assert.That(File, Does.Not.Exist);
    }

    /// <summary>Two runs of a drawn table give equal bytes, whatever the threads, and whether it was stopped or not.</summary>
    [Test]
    public void A_drawn_table_is_the_same_in_every_run()
    {
        var table = TableCatalog.Named(["ablation-interval"]).Single();
        string Csv(int threads)
        {
            using var models = new TrainedModels(Smallest with { Pictures = 2 }, threads);
            using var journal = new ScoreJournal(File, "one");
            return Encoding.UTF8.GetString(TableRecord.Of(table, table.Make(new TableContext(Smallest, models, CancellationToken.None) { Journal = journal }), Smallest.Name).ToCsv());
        }

        var first = Csv(1);
        Assert.That(Csv(1), Is.EqualTo(first), "from the journal");
        System.IO.File.Delete(File);
        Assert.That(Csv(2), Is.EqualTo(first), "drawn again");
    }

    private static Trial Protected(TrainedModel model) => new(Methods.Of(model, "rollback", OperatingPoint.Of(0.675, 2)), new ErrorModel(new FixedRate(3e-3)));

    private static List<(double, double?, double?, double, double)> Values(IReadOnlyList<TrialResult> results) =>
        [.. results.Select(result => (result.Damage.Sum(), result.Psnr, result.Clip?.Sum(), result.FaultsPerPicture, result.Cost.Energy.Value))];
}
