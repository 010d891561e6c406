using Drift.Dvfs;
using Drift.Models;

namespace Drift.Bench;

/// <summary>The main result: what undervolting and overclocking save, and what they do to pictures, for the paper's configurations.</summary>
internal sealed class MainResult : ITable
{
    private const string TaylorSeer = "dit + TaylorSeer", Drift = "DRIFT, 0.675 V", Overclocked = "DRIFT, 3.574 GHz", Unprotected = "unprotected, 0.675 V", Searched = "searched policy";
    private const int CheckpointInterval = 9;

    private static readonly OperatingPoint Undervolt = OperatingPoint.Of(0.675, 2), Overclock = OperatingPoint.Of(0.9, 3.574);

    /// <inheritdoc/>
    public string Id => "main";

    /// <inheritdoc/>
    public string Title => "Main result";

    /// <inheritdoc/>
    public string About => "Energy and speed are modelled over the true shapes of the paper's models, every product guarded as in its closed form, without caching; quality is measured on the small model of the same kind, against its own nominal run. TaylorSeer: interval 3, order 2, checkpoints every 9 steps; its energy is not modelled over true shapes. The searched policy is that of data/policies, where drift plan found one for the small model: it is charged over the true shapes by its share of the steps, and restores what its decoder left in the small model's run.";

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
        var (quoted, ledger) = (QuotedFigures.Load(Id), new TrueBills(FaultOptions.Standard.OpenRates(null)));
        var rows = Configurations().SelectMany(configuration => Rows(context, configuration, ledger)).ToList();
        double Mean(string run, Func<MainRow, double?> value) => rows.Where(row => row.Run == run).Select(value).OfType<double>().Average();
        var worse = rows.Where(row => row.Run == Unprotected).Zip(rows.Where(row => row.Run == Drift), (bare, kept) => bare.Result.Damage.Average() > kept.Result.Damage.Average()).Count(isWorse => isWorse);
        var configurations = Configurations().Count;
        return new TableResult([.. rows.Select(row => Cells(row, quoted))],
            [
                new NumberRule(2, 10, "%", "0.0").Judge("DRIFT saves energy on average over the models", quoted.Find("all", "saved_percent"), Mean(Drift, row => row.Saved), ColumnKind.Modelled),
                new NumberRule(0.05, 0.3, "x", "0.00").Judge("DRIFT speeds sampling up on average over the models", quoted.Find("all", "speedup"), Mean(Overclocked, row => row.Speedup), ColumnKind.Modelled),
                new Claim("DRIFT keeps pictures that undervolting alone loses", "in every configuration", $"less damage than unprotected in {worse} of {configurations} (measured here)",
                    worse == configurations ? Verdict.Reproduced : worse > configurations / 2 ? Verdict.ReproducedInShape : Verdict.NotReproduced,
                    "Mean damage under DRIFT below that without protection at the same voltage. Reproduced: in every configuration; in shape: in most."),
            ],
            [Saved(rows, quoted), Quality(rows)]);
    }

    private static IReadOnlyList<(string Name, string Model, FeatureCache? Cache)> Configurations() =>
        [.. TrueModel.Names.Select(name => (name, name, default(FeatureCache))), (TaylorSeer, "dit", new FeatureCache(FeatureCache.PaperInterval, FeatureCache.PaperOrder, ForecastForm.Taylor))];

    private static IEnumerable<MainRow> Rows(TableContext context, (string Name, string Model, FeatureCache? Cache) configuration, TrueBills bills)
    {
        var (model, shapes, cache) = (context.Models.For(configuration.Model), TrueModel.All().Single(shapes => shapes.Name == configuration.Model).AllGuarded, configuration.Cache);
        var errors = new ErrorModel(bills.Rates);
        Trial Of(Strategy strategy) => new(strategy, errors) { Cache = cache };
        Strategy Scheduled(OperatingPoint point) => cache is null ? Methods.Of(model, "drift", point) : model.Strategy(() => model.Schedule(point), model.Protect("rollback", interval: CheckpointInterval));
        var searched = SearchedPolicies.For(model.Name, model.Steps);
        var runs = new List<(string Name, Trial Trial, Func<TrialResult, TrueSaving?> Bill)>
        {
            ("nominal", model.Nominal with { Cache = cache }, _ => bills.Of(shapes, OperatingPoint.Nominal, TrueScheme.Unprotected, scheduled: false)),
            (Unprotected, Of(Methods.Of(model, "none", Undervolt)), _ => bills.Of(shapes, Undervolt, TrueScheme.Unprotected, scheduled: false)),
            (Drift, Of(Scheduled(Undervolt)), _ => bills.Of(shapes, Undervolt, TrueScheme.Rollback, scheduled: true)),
            (Overclocked, Of(Scheduled(Overclock)), _ => bills.Of(shapes, Overclock, TrueScheme.Rollback, scheduled: true)),
        };
        if (searched is not null)
            runs.Add((Searched, Of(model.Strategy(searched, bills.Rates)), result => bills.Of(shapes, searched, model.Steps, 1 - result.ExactPercent / 100)));
        var results = context.Draw(model, [.. runs.Select(run => run.Trial)], model.Nominal with { Cache = cache });
        return runs.Zip(results, (run, result) =>
        {
            // Caching skips products that no shape of data/shapes tells of.
            var bill = cache is null ? run.Bill(result) : null;
            return new MainRow(configuration.Name, run.Name, bill?.SavedPercent, bill?.Speedup, result);
        });
    }

    private static IReadOnlyList<Cell> Cells(MainRow row, QuotedFigures quoted) =>
    [
        row.Configuration, row.Run, row.Run == Drift ? quoted.Find(row.Configuration, "saved_percent") : null, default, row.Saved, row.Speedup,
        Interval(row.Result.Distance), row.Result.Psnr, Interval(row.Result.Clip),
    ];

    private static Figure Saved(List<MainRow> rows, QuotedFigures quoted)
    {
        Curve Of(string name, ColumnKind kind, int color, Func<string, double?> value) => new(name, kind, color, [.. TrueModel.Names.Select((model, i) => (i + 1.0, (Cell)value(model)))]);
        double? Ours(string run, string model) => rows.SingleOrDefault(row => row.Run == run && row.Configuration == model)?.Saved;
        return new Figure("Energy saved (quoted dashed, modelled)", "Energy saved, percent, for the three models: the paper's figures dashed, DRIFT, unprotected and searched policy by the ledger over true shapes.",
            "1: DiT, 2: PixArt, 3: Stable Diffusion", "energy saved, %",
            [
                Of("paper", ColumnKind.Quoted, 0, model => quoted.Find(model, "saved_percent")), Of("DRIFT", ColumnKind.Modelled, 0, model => Ours(Drift, model)),
                Of("unprotected", ColumnKind.Modelled, 1, model => Ours(Unprotected, model)), Of("searched", ColumnKind.Modelled, 2, model => Ours(Searched, model)),
            ]);
    }

    private static Figure Quality(List<MainRow> rows)
    {
        var configurations = Configurations().Select(configuration => configuration.Name).ToList();
        Curve Of(string name, string run, int color) => new(name, ColumnKind.Measured, color,
            [.. configurations.Select((configuration, i) => (i + 1.0, (Cell)rows.SingleOrDefault(row => row.Run == run && row.Configuration == configuration)?.Result.Psnr))]);
        return new Figure("PSNR to the nominal pictures (measured, small models)", "PSNR of the small models' pictures without protection, under DRIFT undervolted and overclocked, and under the searched policy, for four configurations.",
            "1: DiT, 2: PixArt, 3: Stable Diffusion, 4: DiT + TaylorSeer", "PSNR, dB", [Of("unprotected", Unprotected, 1), Of("DRIFT", Drift, 0), Of("DRIFT overclocked", Overclocked, 3), Of("searched", Searched, 2)]);
    }

    private static Cell Interval(IReadOnlyList<double>? sample) => sample is null ? default(Cell) : ConfidenceInterval.Of([.. sample]);

    private sealed record MainRow(string Configuration, string Run, double? Saved, double? Speedup, TrialResult Result);
}
