using Drift.Dvfs;
using Drift.Models;

namespace Drift.Bench;

/// <summary>What the paper does not have: every protection of the catalogue at its main rate, hierarchical checks among them, then searched and closed-loop policies beside its schedule, at equal seeds.</summary>
internal sealed class Beyond : ITable
{
    private const double Rate = 3e-3, TargetRate = 3.219e-3, FarOff = 10;
    private const string Everywhere = "3e-3 everywhere", ByVoltage = "by voltage", Schedule = "paper's schedule, 0.675 V", Searched = "searched policy", Loop = "closed loop", MisledLoop = "closed loop, rates believed 10 times too high";
    private static readonly OperatingPoint Faulty = OperatingPoint.Of(0.675, 2);
    private static readonly string[] LeftOut = ["range-clamp"], Shown = ["approx-abft", "locate", "rollback", "rollback-hierarchical", "decode", "decode-16", "decode-weighted", Schedule, Searched, Loop];

    /// <inheritdoc/>
    public string Id => "beyond";

    /// <inheritdoc/>
    public string Title => "Protections and policies that the paper does not compare with";

    /// <inheritdoc/>
    public string About => "Every protection of the catalogue at the paper's main rate of 3e-3, uniform over the steps, on the small DiT; decoding takes flips back from the checksums' deviations before anything is rolled back, and hierarchical checks sum tiles of 32 only inside tiles of 256 that deviate, which at this rate is nearly everywhere. Below them the paper's schedule, the policy that drift plan searched for no less PSNR (data/policies), and closed loops that hear alarms alone and aim at the schedule's rate, one of them with a table that says ten times too much. Energy is that of the small model's own run, chip and memory at the paper's ratio, sixteen pictures to a reading of the weights. Nothing here is quoted. Range clamping needs a profile of its own and is left to `compare`.";

    /// <inheritdoc/>
    public IReadOnlyList<Column> Columns { get; } =
    [
        Column.Setting("protection", "protection or policy"), Column.Setting("faults", "faults"), Column.Measured("distance", "feature distance", hasInterval: true), Column.Measured("psnr", "PSNR, dB"),
        Column.Measured("exact_percent", "flips taken back exactly, %"), Column.Measured("escaped", "errors from 2^10 up left, a picture"), Column.Modelled("saved_percent", "energy saved at the paper's ratio, %"),
        Column.Modelled("chip_ratio", "energy on the chip, of nominal"), Column.Modelled("time_ratio", "time, of nominal"), Column.Modelled("bytes_ratio", "bytes, of nominal"),
    ];

    /// <inheritdoc/>
    public TableResult Make(TableContext context)
    {
        var model = context.Models.For("dit");
        var ways = Protections(model).Concat(Policies(model)).ToList();
        var results = context.Draw(model, [.. ways.Select(way => way.Trial), model.Nominal]);
        var nominal = results[^1];
        var rows = ways.Zip(results, (way, result) => (IReadOnlyList<Cell>)
        [
            way.Name, way.Faults, ConfidenceInterval.Of([.. result.Damage]), result.Psnr, result.ExactPercent, result.MissedPerPicture, result.SavedPercent(nominal, model.Mix),
            result.Cost.ChipEnergy / nominal.Cost.ChipEnergy, result.Cost.Time / nominal.Cost.Time, (double)result.Cost.Moved.Value / nominal.Cost.Moved.Value,
        ]).ToList();
        var by = ways.Zip(results, (way, result) => (way.Name, Result: result)).ToDictionary(pair => pair.Name, pair => pair.Result);
        return new TableResult(rows,
            [
                Compared("Decoding leaves less damage than rollback at the same checks", by["rollback"], by["decode"], nominal, model.Mix),
                Compared("A closed loop that believes ten times too much leaves no more damage than the schedule it aims at", by[Schedule], by[MisledLoop], nominal, model.Mix),
                .. by.TryGetValue(Searched, out var searched) ? new[] { Compared("A searched policy saves more than the paper's schedule at no more damage", by[Schedule], searched, nominal, model.Mix) } : [],
            ],
            [Map(by, nominal, model.Mix)]);
    }

    private static IEnumerable<(string Name, string Faults, Trial Trial)> Protections(TrainedModel model)
    {
        var errors = new ErrorModel(new FixedRate(Rate));
        return ProtectionCatalog.Names.Except(LeftOut).Select(name => (name, Everywhere, new Trial(Methods.Of(model, name, Faulty), errors)));
    }

    private static IEnumerable<(string Name, string Faults, Trial Trial)> Policies(TrainedModel model)
    {
        var rates = FaultOptions.Standard.OpenRates(null);
        var errors = new ErrorModel(rates);
        Trial Of(PolicyFile policy) => new(model.Strategy(policy, rates), errors);
        PolicyFile Closed(double level) => new() { Policy = "adaptive", Interval = model.Kind.Schedule.Interval, Loop = new PolicyLoop(TargetRate, Level: level) };
        yield return (Schedule, ByVoltage, new Trial(Methods.Of(model, "drift", Faulty), errors));
        if (SearchedPolicies.For(model.Name, model.Steps) is { } searched)
            yield return (Searched, ByVoltage, Of(searched));
        yield return (Loop, ByVoltage, Of(Closed(1)));
        yield return (MisledLoop, ByVoltage, Of(Closed(FarOff)));
    }

    private static Claim Compared(string statement, TrialResult before, TrialResult after, TrialResult nominal, PaperMix mix)
    {
        var gain = ConfidenceInterval.Of([.. before.Damage.Zip(after.Damage, (a, b) => a - b)]);
        return new Claim(statement, "", FormattableString.Invariant($"less by {gain.Mean:0.0000} (95 %: {gain.Low:0.0000} to {gain.High:0.0000}) (measured here), energy saved {after.SavedPercent(nominal, mix):0.0} % against {before.SavedPercent(nominal, mix):0.0} % (modelled)"),
            Verdict.CannotBeJudgedHere, "No paper has this comparison, so there is nothing to reproduce; the interval is of the difference, picture by picture.");
    }

    private static Figure Map(Dictionary<string, TrialResult> by, TrialResult nominal, PaperMix mix) => new("Quality against energy (measured, modelled)",
        $"PSNR of the small DiT's pictures against the energy saved at the paper's ratio, a point each for {string.Join(", ", Shown.Where(by.ContainsKey))}.", "energy saved at the paper's ratio, %", "PSNR, dB",
        [.. Shown.Where(by.ContainsKey).Select((name, color) => new Curve(name, ColumnKind.Measured, color, [(by[name].SavedPercent(nominal, mix), (Cell)by[name].Psnr)]))]);
}
