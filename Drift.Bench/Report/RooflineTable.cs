using System.Globalization;
using Spectre.Console;

namespace Drift.Bench;

/// <summary>The table of <c>drift bench roofline</c>.</summary>
internal static class RooflineTable
{
    /// <summary>Prints it.</summary>
    /// <param name="output">Standard output.</param>
    /// <param name="report">What was measured.</param>
    /// <param name="notes">What is not in it, and why.</param>
    public static void Print(TextWriter output, RooflineReport report, IEnumerable<string> notes)
    {
        var console = ReportConsole.On(output);
        foreach (var peak in report.Peaks)
            console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{peak.Type} on registers: {peak.Rate:F0} GOP/s"));
        foreach (var bandwidth in report.Bandwidths)
            console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"reading {RooflineChart.Size(bandwidth.Bytes)}: {bandwidth.Rate:F1} GB/s"));
        var table = new Table().Border(TableBorder.Rounded).AddColumns("type", "layer", "M x N x K", "protection");
        foreach (var name in (string[])["GOP/s", "operations a byte", "of the peak"])
            table.AddColumn(new TableColumn(name).RightAligned());
        foreach (var (r, intensity, share) in report.Points)
            table.AddRow(r.Type, GemmLayer.LabelOf(r.M, r.N, r.K), $"{r.M} x {r.N} x {r.K}", r.Protection, Numerals.Of(r.Ours, "F1"), Numerals.Of(intensity, "F0"), Numerals.Of(100 * share, "F0") + " %" + (r.Disturbed ? "*" : " "));
        console.WriteWhole(table);
        console.WriteLine("All measured: products as medians, roofs as the best of some rounds, on the same threads. Checks count as no operations; each operand and the result count once.");
        foreach (var note in notes)
            console.WriteLine(note);
    }
}
