using Drift.Dvfs;

namespace Drift.Bench;

/// <summary>The energy of one picture at one place.</summary>
/// <param name="Model">The model.</param>
/// <param name="Scheme">The protection.</param>
/// <param name="At">Voltage or clock.</param>
/// <param name="Rate">Hits per element there.</param>
/// <param name="Quoted">The paper's total, J.</param>
/// <param name="ClosedForm">Its formula's, J.</param>
/// <param name="Ledger">The ledger's over true shapes, J.</param>
internal sealed record EnergyRow(string Model, TrueScheme Scheme, double At, double Rate, double? Quoted, double? ClosedForm, double? Ledger)
{
    /// <summary>The row as a table has it.</summary>
    public IReadOnlyList<Cell> Cells => [Model, PaperForms.Name(Scheme), At, Rate, Quoted, ClosedForm, Ledger];
}

/// <summary>Energies of the paper's models under its three protections along an axis of operating points.</summary>
/// <param name="quoted">The paper's totals.</param>
/// <param name="places">Where on the axis.</param>
/// <param name="point">The operating point of a place.</param>
/// <param name="isQuoted">Whether the totals are quoted along this axis.</param>
internal sealed class EnergyTable(QuotedFigures quoted, IReadOnlyList<double> places, Func<double, OperatingPoint> point, bool isQuoted = true)
{
    /// <summary>The columns.</summary>
    /// <param name="axis">Name of the axis.</param>
    /// <param name="title">The same for people.</param>
    public static IReadOnlyList<Column> Columns(string axis, string title) =>
    [
        Column.Setting("model", "model"), Column.Setting("protection", "protection"), Column.Setting(axis, title), Column.Quoted("rate", "rate per element"), Column.Quoted("joules", "total, J"),
        Column.ClosedForm("joules", "total, J"), Column.Modelled("joules", "ledger, true shapes, J"),
    ];

    /// <summary>Every model under every protection at every place.</summary>
    public List<EnergyRow> Rows()
    {
        var rates = FaultOptions.Standard.OpenRates(null);
        var ledger = new TrueLedger(Lab.PaperCosts());
        return
        [
            .. from model in TrueModel.All()
               let forms = PaperForms.Of(model.Name)
               from scheme in PaperForms.Schemes
               from at in places
               let rate = rates.At(point(at)).Value
               select new EnergyRow(model.Name, scheme, at, rate,
                   isQuoted ? quoted.Find($"{model.Name} {PaperForms.Name(scheme)}", "joules", at) : null,
                   forms.Joules(scheme, point(at).Voltage, rate),
                   ledger.Of(model, new TrueRun(point(at), rate, scheme)).Energy.Value),
        ];
    }

    /// <summary>The curves of one model.</summary>
    public static Figure Figure(IReadOnlyList<EnergyRow> rows, string model, string title, string axis, Func<EnergyRow, double?> dashed, Func<EnergyRow, double?> whole, ColumnKind kind)
    {
        var curves = PaperForms.Schemes.SelectMany((scheme, color) => new[] { Of(scheme, ColumnKind.Quoted, color, dashed), Of(scheme, kind, color, whole) });
        return new Figure(title, $"Energy of a picture under dual execution, statistical ABFT and rollback. {title}.", axis, "energy, J",
            [.. curves.Where(curve => curve.Points.Any(point => point.Y.Value is not null))]);

        Curve Of(TrueScheme scheme, ColumnKind origin, int color, Func<EnergyRow, double?> value) => new($"{PaperForms.Name(scheme)}, {Column.Words(origin)}", origin, color,
            [.. rows.Where(row => row.Model == model && row.Scheme == scheme).OrderBy(row => row.At).Select(row => (row.At, (Cell)value(row)))]);
    }
}
