using Drift.Abft;
using Drift.Dvfs;
using Drift.Models;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>What every protection of the catalogue owes. A new one inherits this by being registered.</summary>
[TestFixture]
public sealed class ProtectionContract
{
    private const int Steps = 3;
    private readonly RangeProfile _ranges = new();
    private Workbench _bench = null!;
    private DrawnPicture _nominal = null!;
    private DrawnPicture _wide = null!;

    [OneTimeSetUp]
    public void Open()
    {
        _bench = new Workbench();
        var recorder = Protection.Correcting(0, null) with { Recovery = new RangeRecorder(_ranges) };
        _nominal = Draw(recorder, OperatingPoint.Nominal);
        _wide = Draw(recorder, OperatingPoint.Nominal, outputs: OutputForm.Wide);
    }

    [OneTimeTearDown]
    public void Close() => _bench.Dispose();

    [TestCaseSource(typeof(ProtectionCatalog), nameof(ProtectionCatalog.Names))]
    public void Without_faults_the_clean_bits_come_out(string name)
    {
        foreach (var (outputs, clean) in new[] { (OutputForm.Saturating, _nominal), (OutputForm.Wide, _wide) })
        {
            var drawn = Draw(Open(name), OperatingPoint.Nominal, outputs: outputs);
            // ThUnderVolt is the exception that the worked case large_clean shows: it destroys sound accumulators of 2^18 and more.
            Assert.That(drawn.Image.Span.SequenceEqual(clean.Image.Span), Is.EqualTo(name != "thundervolt"), $"{outputs}");
            if (name != "thundervolt")
                Assert.That((drawn.Ledger.Outcome, drawn.Ledger.ElementsMended), Is.EqualTo((default(Outcome), 0L)), $"{outputs}");
        }
    }

    [TestCaseSource(typeof(ProtectionCatalog), nameof(ProtectionCatalog.Names))]
    public void The_same_seed_gives_the_same_bits_and_every_flip_is_accounted_for(string name)
    {
        var (one, other) = (Draw(Open(name), Workbench.Undervolted), Draw(Open(name), Workbench.Undervolted));
        var outcome = one.Ledger.Outcome;
        Assert.Multiple(() =>
        {
            Assert.That(one.Image.Span.SequenceEqual(other.Image.Span));
            Assert.That(one.Ledger, Is.EqualTo(other.Ledger));
            Assert.That(one.Ledger.Cost.Lines.Select(line => line.Energy.Value), Has.All.Not.Negative);
            Assert.That(outcome.Flips, Is.GreaterThan(10_000));
            Assert.That(new[] { outcome.Exact, outcome.RolledBack, outcome.Left, outcome.Missed, outcome.WrongValue, outcome.Misplaced, outcome.Recomputed }, Has.All.Not.Negative);
            Assert.That(one.Ledger.FaultsInjected, Is.EqualTo(outcome.Flips));
            Assert.That(one.Ledger.MissedLarge, Is.EqualTo(outcome.Escaped));
            Assert.That(new[] { outcome.Cancelled, outcome.Tolerated, outcome.Unseen }, Has.All.Not.Negative);
            Assert.That(outcome.Unseen, Open(name) is { Tile: > 0 } ? Is.Zero : Is.EqualTo(outcome.Missed), "what has sums sees every flip that nothing hides");
        });
    }

    [TestCaseSource(typeof(ProtectionCatalog), nameof(ProtectionCatalog.Names))]
    public void Energy_at_fixed_work_falls_with_the_voltage_and_protection_is_not_free(string name)
    {
        Cost At(double volts, Protection? protection) => Draw(protection, OperatingPoint.Of(volts, 2.0), rate: 0).Ledger.Cost;
        var (high, low, plain) = (At(0.9, Open(name)), At(0.7, Open(name)), At(0.9, null));
        Assert.That(low.Energy.Value, Is.Positive.And.LessThan(high.Energy.Value));
        Assert.That(low.Lines.Zip(high.Lines, (a, b) => a.Energy.Value <= b.Energy.Value && a.Energy.Value >= 0), Has.All.True, "line by line");
        Assert.That(high.Energy.Value, name is "none" or "thundervolt" or "range-clamp" ? Is.EqualTo(plain.Energy.Value) : Is.GreaterThan(plain.Energy.Value));
    }

    [TestCase("decode", 0.98)]
    [TestCase("decode-16", 0.99)]
    [TestCase("decode-weighted", 0.998)]
    [TestCase("decode-odd", 0.98)]
    public void Decoders_take_most_flips_back_in_whole_runs(string name, double share)
    {
        var outcome = Draw(Open(name), Workbench.Undervolted).Ledger.Outcome;
        Assert.That((double)outcome.Exact / outcome.Flips, Is.GreaterThan(share));
        Assert.That((double)outcome.Escaped / outcome.Flips, Is.LessThan(1e-3));
    }

    /// <summary>Flat sums find what hierarchical ones find; where few coarse tiles are hit, most are not examined, and checks cost less.</summary>
    [Test]
    public void Hierarchical_checks_mend_the_same_and_cost_less_where_faults_are_rare()
    {
        var (flat, coarse) = (Draw(Open("rollback"), Workbench.Undervolted, rate: 1e-6), Draw(Open("rollback-hierarchical"), Workbench.Undervolted, rate: 1e-6));
        Assert.That(coarse.Image.Span.SequenceEqual(flat.Image.Span));
        Assert.That(coarse.Ledger with { }, Has.Property("Outcome").EqualTo(flat.Ledger.Outcome).And.Property("ElementsMended").EqualTo(flat.Ledger.ElementsMended));
        Assert.That(flat.Ledger.FaultsInjected, Is.Positive);
        Assert.That(coarse.Ledger.Cost.CheckEnergy / flat.Ledger.Cost.CheckEnergy, Is.LessThan(0.9));
        var crowded = Draw(Open("rollback-hierarchical"), Workbench.Undervolted);
        Assert.That(crowded.Ledger.Cost.CheckEnergy / flat.Ledger.Cost.CheckEnergy, Is.GreaterThan(1), "every tile is examined and the coarse sums come on top");
    }

    [Test]
    public void A_name_that_is_not_registered_is_refused() => Assert.Throws<ArgumentException>(() => ProtectionCatalog.Open("best", Settings));

    private ProtectionSettings Settings => new(32, ThresholdRule.PaperThreshold, CheckpointInterval.Paper, _ranges);

    private Protection? Open(string name) => ProtectionCatalog.Open(name, Settings);

    private DrawnPicture Draw(Protection? protection, OperatingPoint point, double? rate = null, OutputForm outputs = OutputForm.Saturating)
    {
        var strategy = Workbench.Of(() => new UniformPolicy(point), outputs, protection);
        var platform = rate is { } fixedRate ? _bench.Platform with { Errors = new ErrorModel(new FixedRate(fixedRate)) } : _bench.Platform;
        return new PictureBatch(_bench.Pipeline, 1).Draw(
            new Drawing(Workbench.Requests(1), pictures => new GuardedGemm(platform, strategy, _bench.Layers, pictures)), new SamplingSettings(Steps, 2))[0];
    }
}
