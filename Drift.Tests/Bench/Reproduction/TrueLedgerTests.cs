using Drift.Bench;
using Drift.Dvfs;
using NUnit.Framework;

namespace Drift.Tests.Bench;

/// <summary>The bill of the paper's models follows from their shapes.</summary>
internal sealed class TrueLedgerTests
{
    private static readonly TrueLedger Ledger = new(Lab.PaperCosts());
    private static readonly TrueRun Nominal = new(OperatingPoint.Nominal, 0, TrueScheme.Unprotected);

    public static IEnumerable<TestCaseData> Models() => TrueModel.All().Select(model => new TestCaseData(model).SetArgDisplayNames(model.Name));

    /// <summary>524.6 G is what the authors of DiT publish for DiT-XL/2 at 512 x 512 (Peebles and Xie, arXiv 2212.09748, table 4).</summary>
    [Test]
    public void DiTs_multiply_accumulates_are_the_published_ones() => Assert.That(TrueModel.All()[0].Macs, Is.EqualTo(524.6e9).Within(0.05e9));

    [TestCaseSource(nameof(Models))]
    public void An_unprotected_run_costs_its_products_and_its_weights(object entry)
    {
        var model = (TrueModel)entry;
        var cost = Ledger.Of(model, Nominal);
        Assert.That(cost.ComputeEnergy.Value, Is.EqualTo(2.0 * model.Steps * model.Macs * 0.16e-12).Within(1e-6).Percent, "two samples a step");
        Assert.That(cost.MemoryEnergy.Value, Is.EqualTo((double)model.Steps * model.WeightBytes * 31e-12).Within(1e-6).Percent, "weights once a step");
        Assert.That(cost.CheckEnergy.Value, Is.Zero);
    }

    [TestCaseSource(nameof(Models))]
    public void Undervolting_lowers_the_guarded_share_with_the_square_of_the_voltage(object entry)
    {
        var model = (TrueModel)entry;
        var ratio = Ledger.Of(model, Nominal with { Point = OperatingPoint.Of(0.675, 2) }).ComputeEnergy / Ledger.Of(model, Nominal).ComputeEnergy;
        Assert.That(ratio, Is.EqualTo(1 - model.GuardedShare * (1 - 0.75 * 0.75)).Within(1e-9));
        Assert.That(Ledger.Of(model.AllGuarded, Nominal with { Point = OperatingPoint.Of(0.675, 2) }).ComputeEnergy / Ledger.Of(model, Nominal).ComputeEnergy, Is.EqualTo(0.5625).Within(1e-9));
    }

    [TestCaseSource(nameof(Models))]
    public void Protections_cost_what_they_do(object entry)
    {
        var model = (TrueModel)entry;
        double Of(TrueScheme scheme, double rate) => Ledger.Of(model, Nominal with { Scheme = scheme, Rate = rate }).Energy.Value;
        double plain = Of(TrueScheme.Unprotected, 0), compute = 2.0 * model.Steps * model.Macs * model.GuardedShare * 0.16e-12;
        Assert.That(Of(TrueScheme.Dmr, 0) - plain, Is.EqualTo(compute).Within(1e-6).Percent, "twice, without faults");
        Assert.That(Of(TrueScheme.Dmr, 1) - plain, Is.EqualTo(2 * compute).Within(1e-6).Percent, "three times where every tile differs");
        Assert.That(Of(TrueScheme.StatAbft, 1) - Of(TrueScheme.StatAbft, 0), Is.EqualTo(compute).Within(1e-6).Percent, "once more where every tile has a fault");
        Assert.That(Of(TrueScheme.Rollback, 1e-2), Is.GreaterThan(Of(TrueScheme.Rollback, 0)), "restores are charged");
        Assert.That(Of(TrueScheme.Rollback, 0), Is.GreaterThan(Of(TrueScheme.StatAbft, 0)), "and so are checkpoints");
    }

    /// <summary>Steps at two voltages cost what each would, a share of the run each.</summary>
    [Test]
    public void A_policy_by_steps_is_charged_step_by_step()
    {
        var model = TrueModel.All()[0];
        TrueRun At(double volts) => new(OperatingPoint.Of(volts, 2), 0, TrueScheme.Unprotected);
        var mixed = Ledger.Of(model, step => At(step < model.Steps / 2 ? 0.6 : 0.7)).ComputeEnergy.Value;
        Assert.That(mixed, Is.EqualTo((Ledger.Of(model, At(0.6)).ComputeEnergy.Value + Ledger.Of(model, At(0.7)).ComputeEnergy.Value) / 2).Within(1e-9).Percent);
    }

    [Test]
    public void What_a_decoder_takes_back_is_not_restored()
    {
        var model = TrueModel.All()[0];
        double Restores(double share) => Ledger.Of(model, new TrueRun(OperatingPoint.Of(0.675, 2), 1e-3, TrueScheme.Rollback) { Restored = share }).Traffic.Restores.Value;
        Assert.That(Restores(0), Is.Zero);
        Assert.That(Restores(0.01), Is.Positive.And.LessThan(Restores(1) / 50));
    }

    /// <summary>The shipped policies are of the shipped models' runs, and by steps, so that true shapes can be charged for them.</summary>
    [TestCase("dit-fashion")]
    [TestCase("pixart-emoji")]
    [TestCase("sd-emoji")]
    public void A_searched_policy_fits_its_model(string name)
    {
        var model = ModelFolder.Find(name);
        var policy = SearchedPolicies.For(name, model.Defaults.Steps)!;
        Assert.That(SearchedPolicies.ByStep(policy, model.Defaults.Steps), Has.Count.EqualTo(model.Defaults.Steps).And.All.Property("Voltage").Matches<Volts>(volts => volts.Value is > 0.5 and < 0.7));
        // The plan that it came from, where its results are committed.
        var committed = Path.Combine(Documentation.Root, "docs", "results", "plan", name, "policy.json");
        if (File.Exists(committed))
            Assert.That(File.ReadAllText(DataFolder.Path("policies", $"{name}.json")), Is.EqualTo(File.ReadAllText(committed)));
        Assert.That(SearchedPolicies.For(name, 4), Is.Null, "a shorter run has no such steps");
        Assert.That(SearchedPolicies.For("no-such-model", 50), Is.Null);
        var saving = new TrueBills(FaultOptions.Standard.OpenRates(null)).Of(TrueModel.All().Single(shapes => shapes.Name == model.Kind.PaperName).AllGuarded, policy, model.Defaults.Steps, 0.01);
        Assert.That(saving!.SavedPercent, Is.InRange(20, 56));
    }
}
