using System.Globalization;
using Drift.Abft;
using Drift.Models;
using Spectre.Console;

namespace Drift.Bench;

/// <summary>The tables of <c>drift checksum bounds</c>, all measured.</summary>
internal static class BoundTable
{
    /// <summary>Prints them.</summary>
    /// <param name="output">Standard output.</param>
    /// <param name="report">The rows.</param>
    public static void Print(TextWriter output, BoundReport report)
    {
        var console = ReportConsole.On(output);
        console.WriteLine("False alarms on clean fp32 products");
        Write(console, ["operands", "bound", "products", "lines", "false alarms", "largest deviation / threshold"],
            report.Clean.Select(r => new[] { r.Family, r.Bound, Numerals.Of(r.Products), Numerals.Of(r.Lines), Numerals.Of(r.FalseAlarms), Number(r.Closest) }));
        console.WriteLine("Tightness on N(0, 1): threshold over actual error");
        Write(console, ["K", "bound", "over mean error", "over a product's largest error", "V-ABFT paper (quoted)"],
            report.Tightness.Select(r => new[] { Numerals.Of(r.Depth), r.Bound, Number(r.OverMean), Number(r.OverLargest), r.Quoted is { } quoted ? Number(quoted) : "-" }));
        console.WriteLine("Flips of an output on N(0, 1), K = 1024: row and column flagged, % (either flagged, %)");
        Write(console, ["bit", .. RoundingBounds.Names], report.Bits.GroupBy(r => r.Bit).Select(group => new[] { Name(group.Key) }.Concat(group.Select(Share)).ToArray()));
    }

    private static void Write(IAnsiConsole console, IEnumerable<string> names, IEnumerable<string[]> rows)
    {
        var table = new Table().Border(TableBorder.Rounded);
        foreach (var name in names)
            table.AddColumn(new TableColumn(Markup.Escape(name)).RightAligned().NoWrap());
        foreach (var row in rows)
            table.AddRow(row);
        console.WriteWhole(table);
    }

    private static string Name(int bit) => bit switch { 31 => "31 sign", >= 23 => $"{bit} exponent", _ => $"{bit}" };

    private static string Share(BitRow row)
    {
        var seen = ConfidenceInterval.OfProportion(row.Seen, row.Flips).Mean;
        return string.Create(CultureInfo.InvariantCulture, $"{100.0 * row.Located / row.Flips:F1} ({100 * seen:F1})");
    }

    private static string Number(double value) => Numerals.Of(value, "G3");
}
