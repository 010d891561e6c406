using Drift.Dvfs;
using Drift.Models;

namespace Drift.Bench;

/// <summary>The main result: what undervolting and overclocking save, and what they do to pictures, for the paper's configurations.</summary>
internal sealed class MainResult : ITable
{
    private const string TaylorSeer = "dit + TaylorSeer";
    private const int CheckpointInterval = 9;

    private static readonly (string Name, OperatingPoint Point, string Method)[] Runs =
    [
        ("unprotected, 0.675 V", OperatingPoint.Of(0.675, 2), "none"), ("DRIFT, 0.675 V", OperatingPoint.Of(0.675, 2), "drift"), ("DRIFT, 3.574 GHz", OperatingPoint.Of(0.9, 3.574), "drift"),
    ];

    /// <inheritdoc/>
    public string Id => "main";

    /// <inheritdoc/>
    public string Title => "Main result";

    /// <inheritdoc/>
    public string About => "Energy and speed are modelled over the true shapes of the paper's models, every product guarded as in its closed form, without caching; quality is measured on the small model of the same kind, against its own nominal run. TaylorSeer: interval 3, order 2, checkpoints every 9 steps; its energy is not modelled over true shapes. A searched policy has no row yet.";

    /// <inheritdoc/>
    public IReadOnlyList<Column> Columns { get; } =
    [
        Column.Setting("configuration", "configuration"), Column.Setting("run", "run"), Column.Quoted("saved_percent", "energy saved, %"), Column.Quoted("speedup", "speed-up"),
        Column.Modelled("saved_percent", "energy saved, true shapes, %"), Column.Modelled("speedup", "speed-up, true shapes"),
        Column.Measured("distance", "feature distance, small model", hasInterval: true), Column.Measured("psnr", "PSNR, small model, dB"), Column.Measured("clip", "CLIP score, small model", hasInterval: true),
    ];

    /// <inheritdoc/>
    public TableResult Make(TableContext context)
    {
        var (quoted, rates, ledger) = (QuotedFigures.Load(Id), FaultOptions.Standard.OpenRates(null), new TrueLedger(Lab.PaperCosts()));
        var errors = new ErrorModel(rates);
        var (rows, worse, saved, speed) = (new List<IReadOnlyList<Cell>>(), 0, new List<double>(), new List<double>());
        foreach (var (configuration, name, cache) in Configurations())
        {
            var (model, shapes) = (context.Models.For(name), TrueModel.All().Single(shapes => shapes.Name == name).AllGuarded);
            Trial Of(Trial trial) => trial with { Cache = cache };
            var results = context.Draw(model, [.. Runs.Select(run => Of(new Trial(Strategy(model, run.Method, run.Point, cache), errors)))], Of(model.Nominal));
            var nominal = ledger.Of(shapes, new TrueRun(OperatingPoint.Nominal, 0, TrueScheme.Unprotected));
            foreach (var (run, result) in Runs.Zip(results))
            {
                var scheme = run.Method == "none" ? TrueScheme.Unprotected : TrueScheme.Rollback;
                var cost = ledger.Of(shapes, new TrueRun(run.Point, rates.At(run.Point).Value, scheme, Scheduled: run.Method == "drift"));
                var (percent, times) = (100 * (1 - cost.Energy / nominal.Energy), nominal.Time / cost.Time);
                var undervolted = run.Point.Frequency == OperatingPoint.Nominal.Frequency;
                if (cache is null && run.Method == "drift")
                    (undervolted ? saved : speed).Add(undervolted ? percent : times);
                rows.Add([configuration, run.Name, cache is null && run.Method == "drift" && undervolted ? quoted.Find(name, "saved_percent") : null, default,
                    cache is null ? percent : default(double?), cache is null ? times : default(double?), Interval(result.Distance), result.Psnr, Interval(result.Clip)]);
            }

            worse += results[0].Damage.Average() > results[1].Damage.Average() ? 1 : 0;
        }

        var configurations = Configurations().Count;
        return new TableResult(rows,
            [
                new NumberRule(2, 10, "%", "0.0").Judge("DRIFT saves energy on average over the models", quoted.Find("all", "saved_percent"), saved.Average(), ColumnKind.Modelled),
                new NumberRule(0.05, 0.3, "x", "0.00").Judge("DRIFT speeds sampling up on average over the models", quoted.Find("all", "speedup"), speed.Average(), ColumnKind.Modelled),
                new Claim("DRIFT keeps pictures that undervolting alone loses", "in every configuration", $"less damage than unprotected in {worse} of {configurations} (measured here)",
                    worse == configurations ? Verdict.Reproduced : worse > configurations / 2 ? Verdict.ReproducedInShape : Verdict.NotReproduced,
                    "Mean damage under DRIFT below that without protection at the same voltage. Reproduced: in every configuration; in shape: in most."),
            ],
            []);
    }

    private static IReadOnlyList<(string Configuration, string Model, FeatureCache? Cache)> Configurations() =>
        [.. TrueModel.Names.Select(name => (name, name, default(FeatureCache))), (TaylorSeer, "dit", new FeatureCache(FeatureCache.PaperInterval, FeatureCache.PaperOrder, ForecastForm.Taylor))];

    private static Strategy Strategy(TrainedModel model, string method, OperatingPoint point, FeatureCache? cache) => method == "drift" && cache is not null
        ? model.Strategy(() => model.Schedule(point), model.Protect("rollback", interval: CheckpointInterval))
        : Methods.Of(model, method, point);

    private static Cell Interval(IReadOnlyList<double>? sample) => sample is null ? default(Cell) : ConfidenceInterval.Of([.. sample]);
}
