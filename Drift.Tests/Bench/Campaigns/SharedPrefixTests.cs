using Drift.Bench;
using NUnit.Framework;

namespace Drift.Tests.Bench;

/// <summary>A trial that starts where the clean run stood, and ends where it meets it again, is the whole run: same picture, same counts.</summary>
[TestFixture]
public sealed class SharedPrefixTests
{
    [TestCase("dit-fashion", "none", "4-5", "")]
    [TestCase("dit-fashion", "rollback", "4-5", "")]
    [TestCase("dit-fashion", "rollback", "2", "")]
    [TestCase("dit-fashion", "rollback-previous", "4-5", "")]
    [TestCase("dit-fashion", "rollback-taylor", "5-6", "")]
    [TestCase("dit-fashion", "thundervolt", "4-5", "")]
    [TestCase("dit-fashion", "none", "4-5", "time-embedding")]
    [TestCase("pixart-emoji", "none", "5", "")]
    [TestCase("pixart-emoji", "rollback", "4-5", "cross-attention")]
    [TestCase("sd-emoji", "none", "4-4", "conv")]
    public void A_trial_is_the_whole_run(string model, string protection, string steps, string role)
    {
        var plan = CampaignBench.Plan(model, 7, 1, [(Axes.Step, steps), (Axes.Protection, protection), (Axes.Interval, "3"), .. role.Length > 0 ? new[] { (Axes.Role, role) } : []]);
        using var lab = CampaignBench.Lab(plan);
        var worker = new TrialWorker(lab);
        var (shared, image) = lab.Run(0, 0, worker, default);
        var (whole, _) = lab.Run(0, 0, worker, default, whole: true);
        Assert.Multiple(() =>
        {
            Assert.That(shared.Digest, Is.EqualTo(whole.Digest));
            Assert.That((shared.Faults, shared.Flagged, shared.Mended, shared.Missed), Is.EqualTo((whole.Faults, whole.Flagged, whole.Mended, whole.Missed)));
            Assert.That(shared.Faults, Is.Positive);
            Assert.That(shared.Metrics, Is.EqualTo(whole.Metrics));
            Assert.That(image.Span.SequenceEqual(lab.Clean(0, 0, worker, default).Image.Span), Is.False, "a trial without damage shows nothing");
            Assert.That(whole.Steps, Is.EqualTo(7));
            Assert.That(shared.Steps, protection is "thundervolt" or "rollback-taylor" ? Is.EqualTo(7) : Is.LessThan(7));
        });
    }

    [Test]
    public void A_trial_takes_its_memory_from_the_ones_before()
    {
        var plan = CampaignBench.Plan("dit-fashion", 50, 1, (Axes.Step, "0-49"), (Axes.Protection, "none"));
        using var lab = CampaignBench.Lab(plan);
        var worker = new TrialWorker(lab);
        lab.Run(0, 0, worker, default);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var (row, _) = lab.Run(0, 0, worker, default);
        Assert.That(row.Steps, Is.EqualTo(50));
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(1_000_000), "bytes allocated");
    }

    [Test]
    public void A_run_that_comes_back_to_the_clean_one_ends_there()
    {
        var plan = CampaignBench.Plan("dit-fashion", 6, 1, (Axes.Step, "2"), (Axes.Bit, "0"), (Axes.Rate, "1e-6"));
        using var lab = CampaignBench.Lab(plan);
        var (row, image) = lab.Run(0, 0, new TrialWorker(lab), default);
        Assert.That((row.Steps, row.Metrics[0]), Is.EqualTo((1, Metric.BestPsnr)));
        Assert.That(image, Is.SameAs(lab.Clean(0, 0, new TrialWorker(lab), default).Image));
    }

    [Test]
    public void A_shifted_latent_is_the_clean_run_with_one_value_moved()
    {
        var folder = ModelFolder.Find("dit-fashion");
        var plan = new PlanRequest(folder, "", new Dictionary<string, string> { [Axes.Step] = "6", [Axes.Shift] = "1" }, "latent", null, 1, 2, 2, StoppingRule.Student, 7, null, 1, "saturating", ["bag"]).ToPlan();
        using var lab = CampaignBench.Lab(plan);
        var (row, _) = lab.Run(0, 0, new TrialWorker(lab), default);
        Assert.That((row.Faults, row.Steps), Is.EqualTo((0L, 1)));
        Assert.That(row.Metrics[0], Is.InRange(0.01, 2), "about as far as it was moved, a step later");
    }
}
