using Drift.Dvfs;

namespace Drift.Bench;

/// <summary>Memory and compute energy before and after, in weight-access energies: the paper's bars, its closed form, and the ledger over true shapes.</summary>
internal sealed class Breakdown : ITable
{
    private static readonly OperatingPoint Undervolted = OperatingPoint.Of(0.675, 2);

    /// <inheritdoc/>
    public string Id => "breakdown";

    /// <inheritdoc/>
    public string Title => "Energy, memory and compute, before and after";

    /// <inheritdoc/>
    public string About => "Everything in units of the energy that reading the weights once a step takes. After: 0.675 V with rollback. The closed form has every step and every product there. The ledger keeps the paper's safe steps and charges both directions of checks; by the authors' settings it leaves attention, embedders and convolutions at 0.9 V, and a last column has them at 0.675 V too.";

    /// <inheritdoc/>
    public IReadOnlyList<Column> Columns { get; } =
    [
        Column.Setting("model", "model"),
        Column.Quoted("memory_after", "memory after"), Column.Quoted("compute_before", "compute before"), Column.Quoted("compute_after", "compute after"), Column.Quoted("saved_percent", "saved, %"),
        Column.ClosedForm("memory_after", "memory after"), Column.ClosedForm("compute_after", "compute after"), Column.ClosedForm("saved_percent", "saved, %"),
        Column.Modelled("memory_after", "memory after"), Column.Modelled("compute_before", "compute before"), Column.Modelled("compute_after", "compute after"), Column.Modelled("saved_percent", "saved, %"),
        Column.Modelled("guarded_percent", "MACs in guarded layers, %"), Column.Modelled("saved_all_percent", "saved if every product is guarded, %"),
    ];

    /// <inheritdoc/>
    public TableResult Make(TableContext context)
    {
        var quoted = QuotedFigures.Load(Id);
        var rate = FaultOptions.Standard.OpenRates(null).At(Undervolted).Value;
        var ledger = new TrueLedger(Lab.PaperCosts());
        var (rows, claims, saved) = (new List<IReadOnlyList<Cell>>(), new List<Claim>(), new List<(string Model, double? Quoted, double Form, double Ledger, double All)>());
        foreach (var model in TrueModel.All())
        {
            double? Paper(string quantity) => quoted.Find(model.Name, quantity);
            var k = PaperForms.Of(model.Name).ComputeToMemory;
            var (memory, compute) = (1.1 + ClosedForms.LineRatio(rate), ClosedForms.CheckedCompute(k, Undervolted.Voltage));
            var form = 100 * (1 - (memory + compute) / (1 + k));
            var before = ledger.Of(model, new TrueRun(OperatingPoint.Nominal, 0, TrueScheme.Unprotected));
            var (undervolted, unit) = (new TrueRun(Undervolted, rate, TrueScheme.Rollback, Scheduled: true), before.MemoryEnergy.Value);
            var (after, everywhere) = (ledger.Of(model, undervolted), ledger.Of(model.AllGuarded, undervolted));
            var (ours, all) = (100 * (1 - after.Energy / before.Energy), 100 * (1 - everywhere.Energy / before.Energy));
            rows.Add([model.Name, Paper("memory_after"), Paper("compute_before"), Paper("compute_after"), Paper("saved_percent"), memory, compute, form,
                after.MemoryEnergy.Value / unit, before.ComputeEnergy.Value / unit, (after.ComputeEnergy + after.CheckEnergy).Value / unit, ours, 100 * model.GuardedShare, all]);
            saved.Add((model.Name, Paper("saved_percent"), form, ours, all));
            var rule = new NumberRule(2, 10, "%", "0.0");
            claims.Add(rule.Judge($"{model.Title} saves energy at 0.675 V", Paper("saved_percent"), form, ColumnKind.ClosedForm));
            claims.Add(rule.Judge($"{model.Title} saves energy at 0.675 V, guarded as the authors set it", Paper("saved_percent"), ours, ColumnKind.Modelled));
            claims.Add(rule.Judge($"{model.Title} saves energy at 0.675 V, every product guarded", Paper("saved_percent"), all, ColumnKind.Modelled));
        }

        return new TableResult(rows, claims, [Figure(saved)]);
    }

    private static Figure Figure(List<(string Model, double? Quoted, double Form, double Ledger, double All)> saved) => new("Energy saved (quoted dashed)",
        $"Energy saved, percent, for {string.Join(", ", saved.Select(row => row.Model))}: the paper's figures dashed, its closed form and the ledger over true shapes.", "1: DiT, 2: PixArt, 3: Stable Diffusion", "energy saved, %",
        [
            new Curve("paper", ColumnKind.Quoted, 0, [.. saved.Select((row, i) => (i + 1.0, (Cell)row.Quoted))]),
            new Curve("closed form", ColumnKind.ClosedForm, 1, [.. saved.Select((row, i) => (i + 1.0, (Cell)row.Form))]),
            new Curve("ledger, true shapes", ColumnKind.Modelled, 2, [.. saved.Select((row, i) => (i + 1.0, (Cell)row.Ledger))]),
            new Curve("ledger, every product guarded", ColumnKind.Modelled, 3, [.. saved.Select((row, i) => (i + 1.0, (Cell)row.All))]),
        ]);
}
