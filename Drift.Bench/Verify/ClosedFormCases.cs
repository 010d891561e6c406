using CsvHelper.Configuration.Attributes;
using Drift.Dvfs;

namespace Drift.Bench;

/// <summary>Tables of the paper's closed forms: <c>probability.csv</c> and <c>cost.csv</c>.</summary>
internal sealed class ClosedFormCases : ICaseKind
{
    /// <inheritdoc/>
    public IEnumerable<VerificationCase> In(string folder, string label)
    {
        string probability = Path.Combine(folder, "probability.csv"), cost = Path.Combine(folder, "cost.csv");
        if (File.Exists(probability))
            yield return new ProbabilityCase($"{label}/probability.csv", probability);
        if (File.Exists(cost))
            yield return new CostCase($"{label}/cost.csv", cost);
    }
}

/// <summary>The chance that a tile is hit.</summary>
internal sealed class ProbabilityCase(string name, string file) : VerificationCase(name, file)
{
    /// <inheritdoc/>
    public override IEnumerable<OutputCheck> Run(VerificationSetting setting)
    {
        var rows = CaseFiles.Csv<Row>(file);
        return [ClosedFormTable.Column("probability", rows, row => ClosedForms.TileProbability(row.Rate, row.Tile), row => row.Probability)];
    }

    private sealed class Row
    {
        [Name("p")] public double Rate { get; init; }

        [Name("tile")] public int Tile { get; init; }

        [Name("probability")] public double Probability { get; init; }
    }
}

/// <summary>Energy over weight-access energy for three ways of protection.</summary>
internal sealed class CostCase(string name, string file) : VerificationCase(name, file)
{
    private const int Steps = 50;

    /// <inheritdoc/>
    public override IEnumerable<OutputCheck> Run(VerificationSetting setting)
    {
        var rows = CaseFiles.Csv<Row>(file);
        IReadOnlyList<Row> inJoules = [.. rows.Where(row => row.DmrJoules is not null || row.StatAbftJoules is not null || row.OursJoules is not null)];
        IReadOnlyList<Row> quoted = [.. inJoules.Where(row => WeightJoules(row.Model) is not null)];
        return
        [
            ClosedFormTable.Column("P", rows, row => ClosedForms.TileProbability(row.Rate), row => row.Probability),
            ClosedFormTable.Column("c", rows, row => ClosedForms.CheckedCompute(row.Ratio, row.Voltage), row => row.Checked),
            ClosedFormTable.Column("line_ratio", rows, row => ClosedForms.LineRatio(row.Rate), row => row.LineRatio),
            ClosedFormTable.Column("dmr", rows, row => ClosedForms.Dmr(row.Ratio, row.Voltage, row.Rate), row => row.Dmr),
            ClosedFormTable.Column("stat_abft", rows, row => ClosedForms.StatAbft(row.Ratio, row.Voltage, row.Rate), row => row.StatAbft),
            ClosedFormTable.Column("ours", rows, row => ClosedForms.Ours(row.Ratio, row.Voltage, row.Rate), row => row.Ours),
            .. JouleColumn("dmr_joules", quoted, row => ClosedForms.Dmr(row.Ratio, row.Voltage, row.Rate), row => row.DmrJoules),
            .. JouleColumn("stat_abft_joules", inJoules, row => ClosedForms.StatAbft(row.Ratio, row.Voltage, row.Rate), row => row.StatAbftJoules),
            .. JouleColumn("ours_joules", inJoules, row => ClosedForms.Ours(row.Ratio, row.Voltage, row.Rate), row => row.OursJoules),
        ];
    }

    /// <summary>A column of joules, none where no row has any.</summary>
    private static IEnumerable<OutputCheck> JouleColumn(string name, IReadOnlyList<Row> rows, Func<Row, double> relative, Func<Row, double?> expected) =>
        rows.Count == 0 ? [] : [ClosedFormTable.Column(name, rows, row => Joules(row, relative(row)), expected)];

    /// <summary>Joules of all steps. Of a model that the paper does not quote, the row's own DMR says what the weights take: it is not compared with itself, and the other two must agree with it.</summary>
    private static double Joules(Row row, double relative) =>
        relative * (WeightJoules(row.Model) * Steps ?? (row.DmrJoules is { } dmr ? dmr / ClosedForms.Dmr(row.Ratio, row.Voltage, row.Rate) : double.NaN));

    /// <summary>Energy of reading the weights once, quoted from the paper by the fixtures; null for other models.</summary>
    private static double? WeightJoules(string model) => model switch
    {
        "dit" => 0.02074,
        "pixart" => 0.01845,
        _ => null,
    };

    private sealed class Row
    {
        [Name("model")] public string Model { get; init; } = "";

        [Name("k")] public double Ratio { get; init; }

        [Name("volts")] public double Volts { get; init; }

        [Name("p")] public double Rate { get; init; }

        [Name("P")] public double Probability { get; init; }

        [Name("c")] public double Checked { get; init; }

        [Name("line_ratio")] public double LineRatio { get; init; }

        [Name("dmr")] public double Dmr { get; init; }

        [Name("stat_abft")] public double StatAbft { get; init; }

        [Name("ours")] public double Ours { get; init; }

        [Name("dmr_joules")] public double? DmrJoules { get; init; }

        [Name("stat_abft_joules")] public double? StatAbftJoules { get; init; }

        [Name("ours_joules")] public double? OursJoules { get; init; }

        [Ignore] public Volts Voltage => new(Volts);
    }
}

/// <summary>Compares a column of a table.</summary>
internal static class ClosedFormTable
{
    private const double Tolerance = 1e-6;

    /// <summary>The row that is furthest off.</summary>
    public static OutputCheck Column<T>(string name, IReadOnlyList<T> rows, Func<T, double> ours, Func<T, double?> expected) =>
        rows.Select(row => OutputCheck.Relative(name, ours(row), expected(row) ?? double.NaN, Tolerance)).MaxBy(check => check.Error)
        ?? throw new UserErrorException($"column {name}: expected at least one row");
}
