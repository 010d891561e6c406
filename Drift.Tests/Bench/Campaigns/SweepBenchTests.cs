using System.Text.Json;
using Drift.Bench;
using NUnit.Framework;

namespace Drift.Tests.Bench;

/// <summary><c>drift bench sweep</c>: threads of a campaign against one, in turn.</summary>
public sealed class SweepBenchTests
{
    [Test]
    public async Task Every_side_takes_its_turn_and_the_ratios_are_of_the_turns()
    {
        var folder = Directory.CreateTempSubdirectory("drift-sweep-bench-").FullName;
        try
        {
            var file = Path.Combine(folder, "sweep.json");
            var run = await Invocation.Of(["bench", "sweep", "--sampling-steps", "2", "--trials", "1", "--rounds", "2", "--threads", "2", "--json", file]);
            Assert.That((run.ExitCode, run.Error), Is.EqualTo((ErrorPolicy.Success, "")));
            Assert.That(run.Out, Does.Contain("sweep, 2 threads").And.Contain("campaigns apart, 2 threads").And.Contain("together"));
            using var json = JsonDocument.Parse(File.ReadAllBytes(file));
            var (turns, results) = (json.RootElement.GetProperty("turns").EnumerateArray().ToList(), json.RootElement.GetProperty("results").EnumerateArray().ToList());
            foreach (var (side, threads) in new[] { ("Alone", 1), ("Together", 2), ("Apart", 2) })
            {
                var own = turns.Where(turn => turn.GetProperty("side").GetString() == side).ToList();
                Assert.That(own.Select(turn => (turn.GetProperty("round").GetInt32(), turn.GetProperty("threads").GetInt32())), Is.EquivalentTo(new[] { (1, threads), (2, threads) }), side);
                Assert.That(own.Select(turn => turn.GetProperty("rate").GetDouble()), Is.All.GreaterThan(0), side);
            }

            // To and fro: a side that is first in one round is last in the next.
            Assert.That(turns[0].GetProperty("side").GetString(), Is.EqualTo(turns[^1].GetProperty("side").GetString()));
            Assert.That(results[0].GetProperty("what").GetString(), Is.EqualTo("sweep"));
            Assert.That(json.RootElement.GetProperty("plan").GetProperty("steps").GetInt32(), Is.EqualTo(2));
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    [Test]
    public void Disturbed_rounds_do_not_count_and_where_all_are_it_is_marked()
    {
        SweepTurn Turn(SweepSide side, int round, double rate, double taken = 0) => new(side, side == SweepSide.Alone ? 1 : 2, round, rate, 1, 1, 1, 0, 0, taken);
        List<SweepTurn> turns =
        [
            Turn(SweepSide.Alone, 1, 10), Turn(SweepSide.Together, 1, 19),
            Turn(SweepSide.Together, 2, 9, taken: 1), Turn(SweepSide.Alone, 2, 10),
            // A slower hour meets both sides: the ratio of its round is what counts.
            Turn(SweepSide.Alone, 3, 5), Turn(SweepSide.Together, 3, 9),
            Turn(SweepSide.Alone, 4, 5), Turn(SweepSide.Together, 4, 10),
        ];
        var ratio = SweepRatio.All(turns).Single();
        Assert.That((ratio.Ratio, ratio.Least, ratio.Most, ratio.Rounds, ratio.Disturbed, ratio.IsDisturbed), Is.EqualTo((1.9, 1.8, 2.0, 3, 1, false)));
        Assert.That((ratio.Ours, ratio.Rival, ratio.Threads, ratio.Unit), Is.EqualTo((10.0, 5.0, 2, "trials/s")));
        var disturbed = SweepRatio.All([.. turns.Select(turn => turn with { Taken = 1 })]).Single();
        Assert.That((disturbed.Rounds, disturbed.Disturbed, disturbed.IsDisturbed), Is.EqualTo((4, 4, true)));
    }

    [Test]
    public void Sides_that_draw_other_pictures_are_not_compared()
    {
        List<TrialRow> first = [CampaignBench.Row(0, 0), CampaignBench.Row(0, 1)];
        Assert.DoesNotThrow(() => SweepBench.Require(first, [first[1], first[0]]));
        foreach (var other in (List<TrialRow>[])[[first[0]], [first[0], first[1] with { Digest = "other" }], [.. first, CampaignBench.Row(1, 0)]])
            Assert.That(Assert.Throws<DisagreementException>(() => SweepBench.Require(first, other))!.Message, Does.Contain("trial "));
    }

    [TestCase("bench sweep --threads 1", "--threads", "'1'")]
    [TestCase("bench sweep --rounds 0", "--rounds", "'0'")]
    [TestCase("bench sweep --protection armour", "--protection", "'armour'", "rollback")]
    [TestCase("bench sweep --model nowhere", "--model", "'nowhere'", "dit-fashion")]
    [TestCase("bench --quick sweep", "--quick", "not of drift bench sweep")]
    [TestCase("bench sweep --json /nowhere/x.json", "--json", "/nowhere/x.json")]
    public async Task Bad_input_is_one_line_and_exit_code_2(string line, params string[] said)
    {
        var run = await Invocation.Of(line.Split(' '));
        Assert.That((run.ExitCode, run.Out), Is.EqualTo((ErrorPolicy.BadInput, "")));
        Assert.That(run.Error.TrimEnd(), Does.StartWith("drift: ").And.Not.Contain('\n'));
        foreach (var words in said)
            Assert.That(run.Error, Does.Contain(words));
    }
}
