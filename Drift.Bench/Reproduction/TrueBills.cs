using Drift.Abft;
using Drift.Dvfs;
using Drift.Models;

namespace Drift.Bench;

/// <summary>What a run over true shapes saves against the unprotected nominal one. Modelled.</summary>
/// <param name="SavedPercent">Energy saved, percent.</param>
/// <param name="Speedup">Nominal time over the run's.</param>
internal sealed record TrueSaving(double SavedPercent, double Speedup);

/// <summary>The bills of ways to run a true model, each beside its nominal one.</summary>
/// <param name="rates">How often outputs are hit at a point.</param>
internal sealed class TrueBills(IErrorRates rates)
{
    private readonly TrueLedger _ledger = new(Lab.PaperCosts());

    /// <summary>How often outputs are hit at a point.</summary>
    public IErrorRates Rates => rates;

    /// <summary>One point for all steps, the paper's safe ones aside where they are kept.</summary>
    public TrueSaving Of(TrueModel shapes, OperatingPoint point, TrueScheme scheme, bool scheduled) =>
        Beside(shapes, _ledger.Of(shapes, new TrueRun(point, rates.At(point).Value, scheme, scheduled)));

    /// <summary>A searched policy, stretched over the true model's steps.</summary>
    /// <param name="shapes">The true model.</param>
    /// <param name="policy">The policy of the small model.</param>
    /// <param name="steps">Steps of the small model's run.</param>
    /// <param name="left">Share of the flips that its decoder did not take back in that run: they are restored.</param>
    /// <returns>Null for a policy that tells blocks or roles apart: shapes have none.</returns>
    public TrueSaving? Of(TrueModel shapes, PolicyFile policy, int steps, double left)
    {
        if (SearchedPolicies.ByStep(policy, steps) is not { } points)
            return null;
        var tile = ProtectionCatalog.Open(policy.Protection, new ProtectionSettings(policy.Tile, policy.Threshold, policy.Interval, new RangeProfile()))!.Tile;
        return Beside(shapes, _ledger.Of(shapes, step =>
        {
            var point = points[step * steps / shapes.Steps];
            return new TrueRun(point, rates.At(point).Value, TrueScheme.Rollback) { Tile = tile, Interval = policy.Interval, Restored = left };
        }));
    }

    private TrueSaving Beside(TrueModel shapes, Cost cost)
    {
        var nominal = _ledger.Of(shapes, new TrueRun(OperatingPoint.Nominal, 0, TrueScheme.Unprotected));
        return new TrueSaving(100 * (1 - cost.Energy / nominal.Energy), nominal.Time / cost.Time);
    }
}
