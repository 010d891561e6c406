using Drift.Dvfs;
using Drift.Kernels;
using Drift.Models;

namespace Drift.Bench;

/// <summary>Tables of damage to pictures along an axis, a curve a place, method or setting: the paper's LPIPS of DiT-XL/2-512 beside the feature distance of the small DiT.</summary>
internal abstract class DamageTable : ITable
{
    /// <summary>A point that brings faults; its rate is the trial's.</summary>
    protected static readonly OperatingPoint Faulty = OperatingPoint.Of(0.675, 2);

    private const double FirstRate = 1e-4;

    /// <inheritdoc/>
    public abstract string Id { get; }

    /// <inheritdoc/>
    public abstract string Title { get; }

    /// <inheritdoc/>
    public abstract string About { get; }

    /// <summary>The claim about the order of the curves.</summary>
    protected abstract string OrderClaim { get; }

    /// <summary>The claim about where they rise.</summary>
    protected virtual string KneeClaim => "Each curve rises where the paper's does";

    /// <summary>The file of data/paper with the quoted curves.</summary>
    protected virtual string QuotedFile => Id;

    /// <inheritdoc/>
    public IReadOnlyList<Column> Columns
    {
        get
        {
            var axis = Axis(Budget.Quick);
            return
            [
                Column.Setting("series", "curve"), Column.Setting("here", "in the small model"), Column.Setting(axis.Name, axis.Title), Column.Quoted("lpips", "LPIPS, DiT-XL/2-512"),
                Column.Measured("distance", "feature distance", hasInterval: true), Column.Measured("psnr", "PSNR, dB"), Column.Measured("faults", "flips a picture"),
            ];
        }
    }

    /// <inheritdoc/>
    public TableResult Make(TableContext context)
    {
        var (quoted, model, axis) = (QuotedFigures.Load(QuotedFile), context.Models.For("dit"), Axis(context.Budget));
        var series = Series(model, [.. quoted.Rows.Select(row => row.Series).Distinct()]);
        var drawn = Draw(context, model, series, axis);
        double? Quoted(string name, DamagePlace place) => quoted.Find(name, "lpips", place.Rate);
        var rows = series.SelectMany((one, s) => axis.Places.Select((place, p) => (IReadOnlyList<Cell>)[one.Name, one.Here, place.X, Quoted(one.Name, place),
            ConfidenceInterval.Of([.. drawn[s][p].Damage]), drawn[s][p].Psnr, drawn[s][p].FaultsPerPicture])).ToList();
        var curves = series.Select((one, s) => new DamageCurve(one.Name,
            [.. axis.Places.Select((place, p) => new DamagePoint(place.X, Quoted(one.Name, place), drawn[s][p].Damage))])).ToList();
        var judged = axis.Places.Where(place => place.Rate >= FirstRate).Select(place => place.X).ToHashSet();
        return new TableResult(rows,
            [OrderRule.Judge(OrderClaim, curves, judged.Contains, "at rates from 1e-4 up"), KneeRule.Judge(KneeClaim, curves)],
            [
                Figure($"{Title} (quoted, DiT-XL/2-512)", "LPIPS", ColumnKind.Quoted, (one, place, _) => Quoted(one.Name, place)),
                Figure($"{Title} (measured, small DiT)", "feature distance", ColumnKind.Measured, (_, _, result) => ConfidenceInterval.Of([.. result.Damage])),
            ]);

        Figure Figure(string title, string measure, ColumnKind kind, Func<DamageSeries, DamagePlace, TrialResult, Cell> value) => new(title,
            $"{title}: {measure} against the {axis.Title} for {string.Join(", ", series.Select(one => one.Name))}.", axis.Title, measure,
            [.. series.Select((one, s) => new Curve(one.Name, kind, s, [.. axis.Places.Select((place, p) => (place.X, value(one, place, drawn[s][p]))).OrderBy(point => point.X)]))], axis.Logarithmic, LogY: kind == ColumnKind.Measured);
    }

    /// <summary>The axis.</summary>
    protected virtual DamageAxis Axis(Budget budget) => DamageAxis.Rates(budget);

    /// <summary>The curves, in the order of the quoted ones.</summary>
    /// <param name="model">The small model.</param>
    /// <param name="names">Names of the quoted curves.</param>
    protected abstract IReadOnlyList<DamageSeries> Series(TrainedModel model, IReadOnlyList<string> names);

    /// <summary>Unprotected faults in some places alone, at a place's rate.</summary>
    protected static Func<DamagePlace, Trial> Only(TrainedModel model, Func<GemmSite, bool> where, IBitProfile? bits = null) =>
        place => new Trial(model.Strategy(() => new PlacePolicy(Faulty, where), null), At(place, bits));

    /// <summary>Faults at a place's rate.</summary>
    protected static ErrorModel At(DamagePlace place, IBitProfile? bits = null) => new(new FixedRate(place.Rate), bits);

    /// <summary>The number that ends a name.</summary>
    protected static int Number(string name) => int.Parse(name[(name.LastIndexOfAny([' ', '^', '-']) + 1)..], System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Curves with a reference of their own are drawn apart.</summary>
    private static TrialResult[][] Draw(TableContext context, TrainedModel model, IReadOnlyList<DamageSeries> series, DamageAxis axis)
    {
        var drawn = new TrialResult[series.Count][];
        foreach (var group in Enumerable.Range(0, series.Count).GroupBy(s => series[s].Reference))
        {
            var results = context.Draw(model, [.. group.SelectMany(s => axis.Places.Select(series[s].At))], group.Key);
            foreach (var (s, own) in group.Zip(results.Chunk(axis.Places.Count)))
                drawn[s] = own;
        }

        return drawn;
    }
}
