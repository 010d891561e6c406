using System.Globalization;
using Spectre.Console;

namespace Drift.Bench;

/// <summary>The table of <c>drift abft</c>.</summary>
internal static class AbftTable
{
    /// <summary>Prints it.</summary>
    /// <param name="output">Standard output.</param>
    /// <param name="report">The result.</param>
    public static void Print(TextWriter output, AbftReport report)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumn(new TableColumn("quantity").NoWrap());
        foreach (var name in new[] { "count\n[dim]measured[/]", "of\n ", "% (95 %)\n[dim]measured[/]", "%\n[dim]computed[/]", "computed lies\ninside" })
            table.AddColumn(new TableColumn(name).RightAligned().NoWrap());
        foreach (var row in report.Rows)
            table.AddRow(row.Quantity, Numerals.Of(row.Count), Numerals.Of(row.Of), Share(row), Percent(row.Theory), row.Inside is { } inside ? inside ? "yes" : "no" : "-");
        var console = ReportConsole.On(output);
        console.WriteWhole(table);
        console.WriteLine("Large: a flip that the detector flags when it is alone. Escaped: its row or its column is not flagged. Computed: flips' signs even, hits independent (docs/checksum.md).");
        console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{report.TrialsPerSecond:F0} trials a second, all included; a product {1e6 * report.PlainSeconds:F2} us, with {report.Timed} {1e6 * report.GuardedSeconds:F2} us, overhead {100 * report.Overhead:F1} % (measured)."));
    }

    /// <summary>The rows as CSV.</summary>
    /// <param name="report">The result.</param>
    public static byte[] ToCsv(AbftReport report) => CsvTable.Write(
    [
        ("quantity", row => row.Quantity),
        ("count", row => CsvTable.Text(row.Count)),
        ("of", row => CsvTable.Text(row.Of)),
        ("share", row => CsvTable.Text(row.Share)),
        ("low", row => CsvTable.Text(row.Low)),
        ("high", row => CsvTable.Text(row.High)),
        ("theory", row => CsvTable.Text(row.Theory)),
    ], report.Rows);

    private static string Share(AbftRow row) => row.Share is null ? "-" : $"{Percent(row.Share)} ({Percent(row.Low)}..{Percent(row.High)})";

    private static string Percent(double? share) => Numerals.Of(100 * share, "G4");
}
