using Drift.Dvfs;

namespace Drift.Bench;

/// <summary>Energy of a whole picture against the clock at the nominal voltage: faults cost energy even where the voltage does not change.</summary>
internal sealed class EnergyVsFrequency : ITable
{
    private static readonly double[] Clocks = [2, 2.246, 2.295, 2.526, 2.93, 3.371, 3.574, 4.017];

    /// <inheritdoc/>
    public string Id => "energy-vs-frequency";

    /// <inheritdoc/>
    public string Title => "Energy against the clock";

    /// <inheritdoc/>
    public string About => "Joules of one picture at 0.9 V. The notes on the paper quote no totals over the clock, so that column is empty. Dynamic energy does not depend on the clock: what rises is the cost of faults.";

    /// <inheritdoc/>
    public IReadOnlyList<Column> Columns => EnergyTable.Columns("gigahertz", "clock, GHz");

    /// <inheritdoc/>
    public TableResult Make(TableContext context)
    {
        var table = new EnergyTable(QuotedFigures.Load("energy-vs-voltage"), Clocks, gigahertz => OperatingPoint.Nominal with { Frequency = Hertz.FromGigahertz(gigahertz) }, isQuoted: false);
        var rows = table.Rows();
        return new TableResult([.. rows.Select(row => row.Cells)],
            [
                .. PaperForms.Schemes.Select(scheme =>
                {
                    var own = rows.Where(row => row.Model == "pixart" && row.Scheme == scheme).ToList();
                    return new NumberRule(0.05, 1, "J").Judge($"PixArt's energy under {PaperForms.Name(scheme)} at 3.574 GHz", null, own.Single(row => row.At == 3.574).ClosedForm, ColumnKind.ClosedForm);
                }),
            ],
            [EnergyTable.Figure(rows, "pixart", "PixArt: energy of a picture (closed form)", "clock, GHz", _ => null, row => row.ClosedForm, ColumnKind.ClosedForm)]);
    }
}
