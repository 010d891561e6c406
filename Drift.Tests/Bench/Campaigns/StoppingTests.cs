using Drift.Bench;
using Drift.Models;
using NUnit.Framework;

namespace Drift.Tests.Bench;

public sealed class StoppingTests
{
    private const int Runs = 6000;

    /// <summary>A cell that stops when its interval is narrow, over and over: how often the interval holds the mean.</summary>
    [TestCase("bell", 1.2)]
    [TestCase("bell", 0.7)]
    [TestCase("bell", 0.5)]
    [TestCase("bell", 0.33)]
    [TestCase("uniform", 0.7)]
    [TestCase("uniform", 0.4)]
    public void Intervals_cover_under_the_rule(string shape, double halfWidth)
    {
        var (covered, trials) = Covered(shape, new Stopping(halfWidth, 16, 2000, StoppingRule.Student), Runs);
        TestContext.Out.WriteLine($"{shape}, half width {halfWidth} sd: {100 * covered:F1} % covered, {trials:F0} trials on average");
        Assert.That(covered, Is.GreaterThan(0.94));
    }

    [Test]
    public void Bernstein_covers_what_t_does_not()
    {
        // One trial in ten is ruined: 16 whole ones look like no variance at all.
        var (student, _) = Covered("rare", new Stopping(0.5, 16, 4000, StoppingRule.Student), 500);
        var (bernstein, _) = Covered("rare", new Stopping(1.5, 16, 4000, StoppingRule.Bernstein), 200);
        Assert.That(student, Is.LessThan(0.9));
        Assert.That(bernstein, Is.GreaterThan(0.97));
    }

    [Test]
    public void Looks_are_a_function_of_the_plan()
    {
        var stopping = new Stopping(0.5, 16, 60, StoppingRule.Student);
        List<int> looks = [];
        for (var look = StoppingRule.NextLook(stopping, 0); looks.LastOrDefault() < 60; look = StoppingRule.NextLook(stopping, look))
            looks.Add(look);
        Assert.That(looks, Is.EqualTo(new[] { 16, 20, 25, 32, 40, 50, 60 }));
        Assert.That(looks.Select(look => StoppingRule.LookOf(stopping, look)), Is.EqualTo(Enumerable.Range(1, 7)));
        Assert.That(StoppingRule.NextLook(new Stopping(null, 9, 9, StoppingRule.Student), 0), Is.EqualTo(9));
    }

    [Test]
    public void Trials_count_once_and_in_their_own_order()
    {
        var plan = CampaignBench.Plan("dit-fashion", 2, 5, (Axes.Block, "0"));
        var (ordered, shuffled) = (new CellState(plan), new CellState(plan));
        for (var trial = 0; trial < 5; trial++)
            ordered.Take(CampaignBench.Row(0, trial, 30 + trial / 3.0));
        foreach (var trial in new[] { 3, 1, 1, 4, 0, 0, 2, 2, 7 })
            shuffled.Take(CampaignBench.Row(0, trial, 30 + trial / 3.0));
        Assert.That((shuffled.Count, shuffled.IsDone), Is.EqualTo((5, true)));
        Assert.That((shuffled.Metrics[0].Mean, shuffled.Metrics[0].Variance), Is.EqualTo((ordered.Metrics[0].Mean, ordered.Metrics[0].Variance)));
        Assert.That(shuffled.Interval(0).Low, Is.EqualTo(ConfidenceInterval.Of([.. Enumerable.Range(0, 5).Select(i => 30 + i / 3.0)]).Low).Within(1e-12));
    }

    private static (double Covered, double Trials) Covered(string shape, Stopping stopping, int runs)
    {
        var metric = new Metric("psnr", "dB", false, shape == "rare" ? 10 : 60, true);
        var (random, covered, trials) = (new Random(3), 0, 0L);
        for (var run = 0; run < runs; run++)
        {
            var values = new RunningMean();
            do
            {
                for (var look = StoppingRule.NextLook(stopping, values.Count); values.Count < look;)
                    values.Add(Draw(shape, random));
            }
            while (!StoppingRule.IsEnough(stopping, metric, values));
            var interval = StoppingRule.Interval(stopping, metric, values);
            trials += values.Count;
            covered += interval.Low <= MeanOf(shape) && interval.High >= MeanOf(shape) ? 1 : 0;
        }

        return ((double)covered / runs, (double)trials / runs);
    }

    private static double MeanOf(string shape) => shape == "rare" ? 1 : 0;

    private static double Draw(string shape, Random random) => shape switch
    {
        "bell" => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()),
        "uniform" => Math.Sqrt(12) * (random.NextDouble() - 0.5),
        _ => random.NextDouble() < 0.1 ? 10 : 0,
    };
}
