using Drift.Dvfs;

namespace Drift.Bench;

/// <summary>Energy of a whole picture against the voltage under three protections: the paper's totals, its closed forms, and the ledger over true shapes.</summary>
internal sealed class EnergyVsVoltage : ITable
{
    private const double Lowest = 0.6, Highest = 0.9, Step = 0.05;

    /// <inheritdoc/>
    public string Id => "energy-vs-voltage";

    /// <inheritdoc/>
    public string Title => "Energy against the voltage";

    /// <inheritdoc/>
    public string About => "Joules of one picture at 2 GHz. The closed forms count 50 steps for every model, as the paper's totals do. The ledger counts the model's own steps and true products, keeps attention, embedders and convolutions at 0.9 V, and charges checks in both directions.";

    /// <inheritdoc/>
    public IReadOnlyList<Column> Columns => EnergyTable.Columns("volts", "voltage, V");

    /// <inheritdoc/>
    public TableResult Make(TableContext context)
    {
        var table = new EnergyTable(QuotedFigures.Load(Id), [.. Enumerable.Range(0, (int)Math.Round((Highest - Lowest) / Step) + 1).Select(i => Math.Round(Highest - i * Step, 2))],
            volts => OperatingPoint.Nominal with { Voltage = new Volts(volts) });
        var rows = table.Rows();
        var pixart = rows.Where(row => row.Model == "pixart").ToList();
        return new TableResult([.. rows.Select(row => row.Cells)],
            [
                .. PaperForms.Schemes.Select(scheme => new NumberRule(0.05, 1, "J").JudgeAll($"PixArt's totals under {PaperForms.Name(scheme)} follow the closed form, to half a unit of the last digit printed",
                    pixart.Where(row => row.Scheme == scheme).Select(row => (row.Quoted, row.ClosedForm)), ColumnKind.ClosedForm)),
                Cheapest(pixart),
                Lowering(pixart),
            ],
            [
                EnergyTable.Figure(rows, "pixart", "PixArt: energy of a picture (quoted dashed)", "supply voltage, V", row => row.Quoted, row => row.ClosedForm, ColumnKind.ClosedForm),
                EnergyTable.Figure(rows, "pixart", "PixArt: ledger over true shapes (modelled)", "supply voltage, V", _ => null, row => row.Ledger, ColumnKind.Modelled),
                EnergyTable.Figure(rows, "dit", "DiT: ledger over true shapes (modelled)", "supply voltage, V", _ => null, row => row.Ledger, ColumnKind.Modelled),
            ]);
    }

    /// <summary>The protection that is cheapest at each voltage.</summary>
    private static Claim Cheapest(List<EnergyRow> rows)
    {
        var places = rows.GroupBy(row => row.At).Where(place => place.All(row => row.Quoted is not null)).ToList();
        var agreed = places.Count(place => place.MinBy(row => row.Quoted)!.Scheme == place.MinBy(row => row.Ledger)!.Scheme);
        var below = places.Where(place => place.Key <= 0.8).ToList();
        var low = below.Count(place => place.MinBy(row => row.Ledger)!.Scheme == TrueScheme.Rollback);
        return new Claim("Rollback is the cheapest of the three wherever faults are common",
            $"cheapest at {places.Count(place => place.MinBy(row => row.Quoted)!.Scheme == TrueScheme.Rollback)} of {places.Count} voltages",
            $"the same protection is cheapest at {agreed} of {places.Count} voltages; rollback at {low} of {below.Count} up to 0.8 V (modelled)",
            agreed == places.Count ? Verdict.Reproduced : low == below.Count ? Verdict.ReproducedInShape : Verdict.NotReproduced,
            "Reproduced: the ledger finds the same protection cheapest at every quoted voltage; in shape: rollback at every one up to 0.8 V.");
    }

    /// <summary>Where each protection's energy is least.</summary>
    private static Claim Lowering(List<EnergyRow> rows)
    {
        double Least(TrueScheme scheme, Func<EnergyRow, double?> value) => rows.Where(row => row.Scheme == scheme).MinBy(value)!.At;
        string Text(Func<EnergyRow, double?> value) => string.Join(", ", PaperForms.Schemes.Select(scheme => FormattableString.Invariant($"{PaperForms.Name(scheme)} {Least(scheme, value)} V")));
        var off = PaperForms.Schemes.Max(scheme => Math.Abs(Least(scheme, row => row.Quoted) - Least(scheme, row => row.Ledger)));
        var lowest = Least(TrueScheme.Rollback, row => row.Ledger) < Math.Min(Least(TrueScheme.Dmr, row => row.Ledger), Least(TrueScheme.StatAbft, row => row.Ledger));
        return new Claim("Only rollback gains from undervolting further: the others' recomputation eats the gain", Text(row => row.Quoted), $"{Text(row => row.Ledger)} (modelled)",
            off <= Step / 2 ? Verdict.Reproduced : lowest ? Verdict.ReproducedInShape : Verdict.NotReproduced,
            "The voltage of least energy. Reproduced: the same for all three; in shape: rollback's lies below the others'.");
    }
}
