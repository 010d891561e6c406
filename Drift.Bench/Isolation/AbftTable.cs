using System.Globalization;
using System.Text;
using CsvHelper;
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
            table.AddRow(row.Quantity, Count(row.Count), Count(row.Of), Share(row), Percent(row.Theory), row.Inside is { } inside ? inside ? "yes" : "no" : "-");
        var console = ReportConsole.On(output);
        console.Write(table);
        console.WriteLine("Large: a flip that the detector flags when it is alone. Escaped: its row or its column is not flagged. Computed: flips' signs even, hits independent (docs/checksum.md).");
        console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{report.TrialsPerSecond:F0} trials a second, all included; a product {1e6 * report.PlainSeconds:F2} us, with checks {1e6 * report.GuardedSeconds:F2} us, overhead {100 * report.Overhead:F1} % (measured)."));
    }

    /// <summary>The rows as CSV.</summary>
    /// <param name="report">The result.</param>
    public static byte[] ToCsv(AbftReport report)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        using (var csv = new CsvWriter(text, new CsvHelper.Configuration.CsvConfiguration(CultureInfo.InvariantCulture) { NewLine = "\n" }))
        {
            csv.WriteRecords(report.Rows.Select(row => new { quantity = row.Quantity, count = row.Count, of = row.Of, share = row.Share, low = row.Low, high = row.High, theory = row.Theory }));
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static string Share(AbftRow row) => row.Share is null ? "-" : $"{Percent(row.Share)} ({Percent(row.Low)}..{Percent(row.High)})";

    private static string Percent(double? share) => share is { } value ? (100 * value).ToString("G4", CultureInfo.InvariantCulture) : "-";

    private static string Count(long value) => value.ToString(CultureInfo.InvariantCulture);
}
