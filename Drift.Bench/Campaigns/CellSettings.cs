using System.Globalization;
using Drift.Abft;
using Drift.Dvfs;
using Drift.Kernels;
using Drift.Models;

namespace Drift.Bench;

/// <summary>A cell of a campaign, its values read.</summary>
/// <param name="Range">Where faults fall; its steps are listed, all of them too.</param>
/// <param name="Roles">Roles of a cell that has some of its own; null for all guarded ones.</param>
/// <param name="Rate">Hits per element; null where a voltage implies them.</param>
/// <param name="Volts">Voltage of the products in the range.</param>
/// <param name="ErrorModel">What turns the voltage into a rate.</param>
/// <param name="Bit">The only bit that is hit; null for the paper's profile.</param>
/// <param name="Subject">Index of what pictures show; null for all in turn.</param>
/// <param name="Seed">The seed of all its pictures; null for a new one each trial.</param>
/// <param name="Protection">Name of the protection.</param>
/// <param name="Protections">What it is made with.</param>
/// <param name="Shift">What is added to one value of the latents before the range's first step; null for nothing.</param>
internal sealed record CellSettings(SiteRange Range, IReadOnlySet<GemmRole>? Roles, double? Rate, double Volts, string ErrorModel, int? Bit, int? Subject, ulong? Seed,
    string Protection, ProtectionSettings Protections, double? Shift)
{
    /// <summary>The point of faulty products where a rate is given: any but the nominal one, where nothing fails.</summary>
    private const double StandInVolts = 0.675;

    /// <summary>Reads a cell.</summary>
    /// <param name="plan">The campaign.</param>
    /// <param name="cell">The cell, 0 first.</param>
    public static CellSettings Of(CampaignPlan plan, int cell)
    {
        string? Value(string axis) => plan.ValueOf(cell, axis);
        int? Whole(string axis) => Value(axis) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;
        double? Number(string axis) => Value(axis) is { } text ? double.Parse(text, CultureInfo.InvariantCulture) : null;
        var steps = Value(Axes.Step) is { } range ? Axes.Steps(range)!.Value : (First: 0, Last: plan.Steps - 1);
        var roles = Value(Axes.Role) is { } role ? Axes.Roles[role] : null;
        return new CellSettings(
            new SiteRange(Enumerable.Range(steps.First, steps.Last - steps.First + 1).ToHashSet(), Whole(Axes.Block) is { } block ? new HashSet<int> { block } : null, roles),
            roles, Number(Axes.Rate), Number(Axes.Voltage) ?? StandInVolts, Value(Axes.Errors)!, Whole(Axes.Bit),
            Value(Axes.Subject) is { } subject ? plan.Subjects.ToList().IndexOf(subject) : null,
            Value(Axes.Seed) is { } seed ? ulong.Parse(seed, CultureInfo.InvariantCulture) : null,
            Value(Axes.Protection)!, new ProtectionSettings(Whole(Axes.Tile)!.Value, Whole(Axes.Threshold)!.Value, Whole(Axes.Interval)!.Value, new RangeProfile()),
            Number(Axes.Shift));
    }

    /// <summary>The machine on which it runs.</summary>
    /// <param name="costs">Its costs, which a campaign does not read.</param>
    /// <exception cref="OperatingPointException">The error model does not know the voltage.</exception>
    public Platform Platform(ICostModel costs)
    {
        IErrorRates rates = Rate is { } rate ? new FixedRate(rate) : ErrorModels.Open(ErrorModel, DataFolder.At("operating-points", ErrorModels.FileOf(ErrorModel)));
        rates.At(Point);
        return new Platform(new ErrorModel(rates, Bit is { } bit ? new SingleBit(bit) : null), costs);
    }

    /// <summary>How it executes its layers.</summary>
    /// <param name="kind">The model's pipeline.</param>
    /// <param name="outputs">How outputs leave the accumulator.</param>
    public Strategy Strategy(PipelineKind kind, OutputForm outputs) =>
        new(() => new PlacePolicy(Point, Range.Contains), outputs, ProtectionCatalog.Open(Protection, Protections)) { Covers = layer => Covers(kind, layer) };

    /// <summary>How the clean run is executed that it is held against: the same layers in INT8, nothing hit.</summary>
    public Strategy Clean(PipelineKind kind, OutputForm outputs) =>
        new(() => new UniformPolicy(OperatingPoint.Nominal), outputs, null) { Covers = layer => Covers(kind, layer) };

    /// <summary>Whether it covers layers that are otherwise left in fp32, so that its clean run is another.</summary>
    /// <param name="kind">The model's pipeline.</param>
    public bool CoversMore(PipelineKind kind) => Roles?.IsSubsetOf(kind.GuardedRoles) == false;

    /// <summary>The step to start at: the first with faults, or an earlier one whose checkpoint they could bring back.</summary>
    /// <param name="protection">What <see cref="Strategy"/> protects with.</param>
    public int FirstStep(Protection? protection)
    {
        if (!Axes.LeavesCleanRuns(Protection))
            return 0;
        if (protection?.Interval is not { } interval)
            return Range.Steps!.Min();
        var (step, missing) = (Range.Steps!.Min(), protection.Recovery?.Checkpoints ?? 1);
        while (step > 0 && missing > 0)
            missing -= interval.IsDue(--step) ? 1 : 0;
        return step;
    }

    /// <summary>The last step that may differ from the clean run's of equal latents.</summary>
    /// <param name="steps">Sampling steps.</param>
    public int LastStep(int steps) => Axes.LeavesCleanRuns(Protection) ? Range.Steps!.Max() : steps - 1;

    /// <summary>What is done to the latents before the first step; the seed of the faults says to which value.</summary>
    public Action<Tensor>? Disturb(ulong faultSeed) => Shift is not { } shift ? null : latents => latents.Span[(int)(Philox.Words(0, 0, 0, 0, faultSeed).R0 % (uint)latents.Length)] += (float)shift;

    private OperatingPoint Point => OperatingPoint.Nominal with { Voltage = new Volts(Volts) };

    private bool Covers(PipelineKind kind, LayerKey layer) => kind.Guards(layer) || Roles?.Contains(layer.Role) == true;
}
