using Drift.Abft;
using Drift.Dvfs;
using Drift.Models;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>The closed loop in a real run: alarms from real products, and every change of the supply charged.</summary>
[TestFixture]
public sealed class AdaptiveRunTests
{
    private const double Target = 3.219e-3;
    private Workbench _bench = null!;

    [OneTimeSetUp]
    public void Open() => _bench = new Workbench();

    [OneTimeTearDown]
    public void Close() => _bench.Dispose();

    [TestCase("rollback", .1)]
    [TestCase("rollback", 10)]
    [TestCase("decode", .1)]
    [TestCase("decode", 10)]
    [TestCase("decode-16", 10)]
    [TestCase("decode-odd", .1)]
    [TestCase("decode-odd", 10)]
    public void From_rates_ten_times_off_it_finds_the_point_within_one_picture(string protection, double level)
    {
        var assumed = TabulatedErrors.Load(DataFolder.Path("operating-points", "paper.csv"));
        var loop = new LoopSettings(Target, new Volts(.6), new Volts(.9));
        var guard = ProtectionCatalog.Open(protection, new ProtectionSettings(32, ThresholdRule.PaperThreshold, CheckpointInterval.Paper, new RangeProfile()));
        var volts = new List<double>();
        _bench.Draw(Workbench.Requests(1), Workbench.Of(() => new AdaptivePolicy(assumed, loop, level), OutputForm.Saturating, guard), steps: 3, watch: product => volts.Add(product.Point.Voltage.Value));
        Assert.That(volts[0], Is.Not.EqualTo(.675).Within(.03));
        Assert.That(volts[^72..], Has.All.EqualTo(.675).Within(.0101), "the last step");
    }

    [Test]
    public void Every_change_of_the_supply_is_charged()
    {
        var platform = _bench.Platform with { Costs = new AcceleratorCost(new SystolicArray(), EnergyModel.Load(DataFolder.Path("energy", "full.csv"))) };
        Cost Of(Func<IOperatingPolicy> policy) => new PictureBatch(_bench.Pipeline, 1).Draw(
            new Drawing(Workbench.Requests(1), pictures => new GuardedGemm(platform, Workbench.Of(policy, OutputForm.Saturating, null), _bench.Layers, pictures)), new SamplingSettings(2, 2))[0].Ledger.Cost;
        var (nominal, low) = (Of(() => new UniformPolicy(OperatingPoint.Nominal)), Of(() => new UniformPolicy(Workbench.Undervolted)));
        // Down and up around attention, and around each block's modulation, which stay nominal: four a block and step.
        Assert.That((nominal.Transitions, low.Transitions), Is.EqualTo((0L, 2L * 12 * 4)));
        Assert.That(low.TransitionEnergy.Value, Is.EqualTo(96 * (.81 - .455625) * 1e-9).Within(1e-6).Percent);
        Assert.That(low.Time.Value - nominal.Time.Value, Is.EqualTo(96 * 45e-9).Within(1e-6).Percent);
    }
}
