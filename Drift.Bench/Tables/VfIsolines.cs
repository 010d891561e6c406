using System.Globalization;
using Drift.Dvfs;

namespace Drift.Bench;

/// <summary>Where error rates lie over voltage and clock: the paper's points, the surface through them, and the path-delay law that is fitted to them.</summary>
internal sealed class VfIsolines : ITable
{
    /// <summary>Where clocks are looked for: the surface knows the paper's grid, the law has no ends.</summary>
    private static readonly (double Lowest, double Highest) Grid = (1.6, 3.6), Anywhere = (0.1, 10);

    /// <inheritdoc/>
    public string Id => "vf-isolines";

    /// <inheritdoc/>
    public string Title => "Error rates over voltage and clock";

    /// <inheritdoc/>
    public string About => "Clock at which a voltage brings a rate. The surface runs through the quoted points by construction; the path-delay law has seven parameters for all of them and can miss.";

    /// <inheritdoc/>
    public IReadOnlyList<Column> Columns { get; } =
    [
        Column.Setting("rate", "rate per element"), Column.Setting("volts", "voltage, V"), Column.Quoted("gigahertz", "clock, GHz"),
        Column.Modelled("surface_gigahertz", "surface, GHz"), Column.Modelled("path_delay_gigahertz", "path-delay law, GHz"),
    ];

    /// <inheritdoc/>
    public TableResult Make(TableContext context)
    {
        var quoted = QuotedFigures.Load("vf-isolines").Rows;
        // The search for a clock looks beyond the points that the law was fitted to; what it finds is compared with points among them.
        var (surface, law) = (Open("surface"), Open("path-delay", extrapolate: true));
        var rows = quoted.Select(point =>
        {
            var rate = double.Parse(point.Series, CultureInfo.InvariantCulture);
            return (Rate: rate, Volts: point.At!.Value, Quoted: point.Value, Surface: Clock(surface, rate, point.At.Value, Grid), Law: Clock(law, rate, point.At.Value, Anywhere));
        }).ToList();
        var rule = new NumberRule(0.05, 0.2, "GHz");
        var levels = rows.Select(row => row.Rate).Distinct().ToList();
        return new TableResult(
            [.. rows.Select(row => (IReadOnlyList<Cell>)[row.Rate, row.Volts, row.Quoted, row.Surface, row.Law])],
            [
                rule.JudgeAll("Isolines lie where the paper has them: the surface, which runs through them by construction", rows.Select(row => ((double?)row.Quoted, row.Surface)), ColumnKind.Modelled),
                rule.JudgeAll("Isolines lie where the paper has them: a delay law of seven parameters, fitted to all rates at once", rows.Select(row => ((double?)row.Quoted, row.Law)), ColumnKind.Modelled),
            ],
            [
                new Figure("Isolines of the error rate (quoted dashed)", "Clock against voltage for three error rates: the paper's points dashed, the surface and the path-delay law beside them.",
                    "supply voltage, V", "clock, GHz",
                    [.. levels.SelectMany((level, color) => new[]
                    {
                        Curve("paper", ColumnKind.Quoted, level, color, row => row.Quoted),
                        Curve("path-delay law", ColumnKind.Modelled, level, color, row => row.Law),
                    })]),
            ]);

        Curve Curve(string name, ColumnKind kind, double level, int color, Func<(double Rate, double Volts, double Quoted, double? Surface, double? Law), double?> value) =>
            new(string.Create(CultureInfo.InvariantCulture, $"{level:0E+0} {name}"), kind, color, [.. rows.Where(row => row.Rate == level).Select(row => (row.Volts, (Cell)value(row)))]);
    }

    private static IErrorRates Open(string model, bool extrapolate = false) => ErrorModels.Open(model, DataFolder.At("operating-points", ErrorModels.FileOf(model)), extrapolate);

    private static double? Clock(IErrorRates rates, double rate, double volts, (double Lowest, double Highest) range) =>
        Isoline.Clock(rates, rate, new Volts(volts), Hertz.FromGigahertz(range.Lowest), Hertz.FromGigahertz(range.Highest))?.Gigahertz;
}
