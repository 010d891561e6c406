using Drift.Dvfs;

namespace Drift.Bench;

/// <summary>How much faster an overclocked schedule is, with what it costs charged one after the other.</summary>
internal sealed class Speedup : ITable
{
    private const double Steps = 50, SafeSteps = 2, Checks = 1.0 / 32;
    private static readonly OperatingPoint Overclocked = OperatingPoint.Of(0.9, 3.574);

    /// <inheritdoc/>
    public string Id => "speedup";

    /// <inheritdoc/>
    public string Title => "Speed of the overclocked schedule";

    /// <inheritdoc/>
    public string About => "Against 2 GHz. The closed form is the clocks' ratio, then 2 of 50 steps at the nominal clock, then 1/32 of checks on top. The ledger counts cycles of true products on a 32 x 32 array: checks in both directions, and whatever the authors leave unguarded (attention, embedders, convolutions) at the nominal clock; the last columns guard that too. Only the last figure is quoted.";

    /// <inheritdoc/>
    public IReadOnlyList<Column> Columns { get; } =
    [
        Column.Setting("charged", "charged"), Column.Quoted("speedup", "speed-up"), Column.ClosedForm("speedup", "speed-up"),
        .. TrueModel.Names.Select(name => Column.Modelled($"{name}_speedup", $"{name}, true shapes")),
        .. TrueModel.Names.Select(name => Column.Modelled($"{name}_all_speedup", $"{name}, every product guarded")),
    ];

    /// <inheritdoc/>
    public TableResult Make(TableContext context)
    {
        var quoted = QuotedFigures.Load(Id);
        var ledger = new TrueLedger(Lab.PaperCosts());
        var (models, ratio) = (TrueModel.All(), Overclocked.Frequency.Value / OperatingPoint.Nominal.Frequency.Value);
        var schedule = Steps / (SafeSteps + (Steps - SafeSteps) / ratio);
        (string Name, double Form, TrueRun Run)[] stages =
        [
            ("clock", ratio, new TrueRun(Overclocked, 0, TrueScheme.Unprotected)),
            ("schedule", schedule, new TrueRun(Overclocked, 0, TrueScheme.Unprotected, Scheduled: true)),
            ("checks", schedule / (1 + Checks), new TrueRun(Overclocked, 0, TrueScheme.Rollback, Scheduled: true)),
        ];
        double Of(TrueModel model, TrueRun run) =>
            ledger.Of(model, new TrueRun(OperatingPoint.Nominal, 0, TrueScheme.Unprotected)).Time / ledger.Of(model, run).Time;
        var everywhere = models.Select(model => model.AllGuarded).ToList();
        var rows = stages.Select(stage => (IReadOnlyList<Cell>)[stage.Name, quoted.Find(stage.Name, "speedup"), stage.Form,
            .. models.Select(model => (Cell)Of(model, stage.Run)), .. everywhere.Select(model => (Cell)Of(model, stage.Run))]).ToList();
        var rule = new NumberRule(0.05, 0.3, "x", "0.00");
        return new TableResult(rows,
            [
                rule.Judge("Overclocking to 3.574 GHz speeds sampling up", quoted.Find("checks", "speedup"), stages[^1].Form, ColumnKind.ClosedForm),
                .. models.Select(model => rule.Judge($"Overclocking to 3.574 GHz speeds {model.Title} up, guarded as the authors set it", quoted.Find("checks", "speedup"), Of(model, stages[^1].Run), ColumnKind.Modelled)),
                .. everywhere.Select(model => rule.Judge($"Overclocking to 3.574 GHz speeds {model.Title} up, every product guarded", quoted.Find("checks", "speedup"), Of(model, stages[^1].Run), ColumnKind.Modelled)),
            ],
            [
                new Figure("Speed-up as costs are charged (quoted dashed)", "Speed-up with the clock alone, with two safe steps, and with checks: closed form and ledger over true shapes, the paper's 1.7 dashed.",
                    "1: clock, 2: safe steps, 3: checks", "speed-up",
                    [
                        new Curve("paper", ColumnKind.Quoted, 0, [.. stages.Select((_, i) => (i + 1.0, (Cell)quoted.Find("checks", "speedup")))]),
                        new Curve("closed form", ColumnKind.ClosedForm, 1, [.. stages.Select((stage, i) => (i + 1.0, (Cell)stage.Form))]),
                        .. models.Select((model, color) => new Curve($"{model.Name}, true shapes", ColumnKind.Modelled, color + 2, [.. stages.Select((stage, i) => (i + 1.0, (Cell)Of(model, stage.Run)))])),
                    ]),
            ]);
    }
}
