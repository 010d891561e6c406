using System.Globalization;
using Spectre.Console;

namespace Drift.Bench;

/// <summary>The table of a comparison. Each heading says whether its column was measured here, modelled, or rests on a quoted figure.</summary>
internal static class CompareTable
{
    private const string Measured = "measured", Modelled = "modelled", Quoted = "quoted mix";

    private static readonly (string Name, string Unit, string Origin, Func<CompareRow, string> Value)[] Columns =
    [
        ("PSNR dB", "(95 %)", Measured, row => Interval(row.Psnr, row.PsnrHigh, "F1")),
        ("SSIM", "(95 %)", Measured, row => Interval(row.Ssim, row.SsimHigh, "F3")),
        ("class", "right %", Measured, row => Number(row.Accuracy * 100, "F1")),
        ("faults", "injected", Measured, row => Count(row.FaultsInjected)),
        ("lines", "flagged", Measured, row => Count(row.LinesFlagged)),
        ("elements", "mended", Measured, row => Count(row.ElementsMended)),
        ("missed", ">= 2^10", Measured, row => Count(row.MissedLarge)),
        ("false", "alarms", Measured, row => Count(row.FalseAlarms)),
        ("energy", "J/image", Modelled, row => Number(row.EnergyJoulesPerImage, "G4")),
        ("energy", "saved %", Modelled, row => Number(row.EnergySavedPercent, "F1")),
        ("energy", "saved %", Quoted, row => Number(row.EnergySavedPercentPaperMix, "F1")),
        ("speed-up", "", Modelled, row => Number(row.Speedup, "F2")),
        ("wall s", "", Measured, row => Number(row.WallSeconds, "F2")),
    ];

    /// <summary>Prints it.</summary>
    /// <param name="output">Standard output.</param>
    /// <param name="rows">The rows, in table order.</param>
    public static void Print(TextWriter output, IEnumerable<CompareRow> rows)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumn("row");
        foreach (var (name, unit, origin, _) in Columns)
            table.AddColumn(new TableColumn($"{name}\n{(unit.Length == 0 ? " " : unit)}\n[dim]{origin}[/]").RightAligned().NoWrap());
        foreach (var row in rows)
            table.AddRow([Title(row.Row), .. Columns.Select(column => column.Value(row))]);

        var console = ReportConsole.On(output);
        console.Write(table);
        console.WriteLine("PSNR and SSIM: against the nominal row, mean over the pictures with its 95 % interval. Quoted mix: modelled too, but with");
        console.WriteLine("this run's relative compute energy and traffic weighted by the paper's compute-to-memory ratio k.");
    }

    /// <summary>The same table for a page of documentation.</summary>
    /// <param name="rows">The rows, in table order.</param>
    public static string ToMarkdown(IEnumerable<CompareRow> rows)
    {
        static string Line(IEnumerable<string> cells) => $"| {string.Join(" | ", cells)} |\n";
        return Line(["row", .. Columns.Select(column => $"{column.Name} {column.Unit} *{column.Origin}*".Replace("  ", " ", StringComparison.Ordinal))])
            + Line(["---", .. Columns.Select(_ => "---:")])
            + string.Concat(rows.Select(row => Line([Title(row.Row), .. Columns.Select(column => column.Value(row))])));
    }

    /// <summary>A row's name as people read it.</summary>
    /// <param name="row">One of <see cref="CompareRow.Names"/>.</param>
    public static string Title(string row) => row switch
    {
        "unprotected" => "undervolted, unprotected",
        "rollback" => "undervolted + rollback",
        "drift" => "DRIFT",
        "drift-overclocked" => "DRIFT overclocked",
        "unprotected-wide" => "undervolted, unprotected, wide",
        "drift-wide" => "DRIFT, wide",
        _ => row,
    };

    private static string Interval(double? mean, double? high, string format) =>
        Number(mean, format) + (high - mean is { } half && double.IsFinite(half) ? $" ± {Number(half, format)}" : "");

    private static string Number(double? value, string format) => value switch
    {
        null => "-",
        double.PositiveInfinity => "inf",
        { } number when double.IsNaN(number) => "-",
        { } number => number.ToString(format, CultureInfo.InvariantCulture),
    };

    private static string Count(long? value) => value?.ToString(CultureInfo.InvariantCulture) ?? "-";
}
