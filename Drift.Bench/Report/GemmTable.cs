using System.Globalization;
using Spectre.Console;

namespace Drift.Bench;

/// <summary>The table of <c>drift bench gemm</c>.</summary>
internal static class GemmTable
{
    /// <summary>Prints it.</summary>
    /// <param name="output">Standard output.</param>
    /// <param name="results">The pairs, in order.</param>
    /// <param name="notes">What is not in the table, and why.</param>
    public static void Print(TextWriter output, IReadOnlyList<GemmResult> results, IEnumerable<string> notes)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns("type", "layer", "M x N x K");
        table.AddColumn(new TableColumn("threads").RightAligned()).AddColumn("protection").AddColumn(new TableColumn("ours").RightAligned());
        table.AddColumn(new TableColumn("rival").RightAligned()).AddColumns("unit", "rival's name").AddColumn(new TableColumn("ours / rival").RightAligned());
        foreach (var r in results)
            table.AddRow(r.Type, GemmLayer.LabelOf(r.M, r.N, r.K), $"{r.M} x {r.N} x {r.K}", r.Threads.ToString(CultureInfo.InvariantCulture), r.Protection, Numerals.Of(r.Ours, "F1"),
                Numerals.Of(r.Rival, "F1"), r.Unit, Markup.Escape(r.RivalName ?? "-"), Numerals.Of(r.Ratio, "F3") + (r.Disturbed ? "*" : " ") + Spread(r));
        var console = ReportConsole.On(output);
        console.WriteWhole(table);
        console.WriteLine(results.Any(r => r.RatioQuartiles is not null)
            ? "Medians of rounds whose turns are in random order, in one process; a ratio is the median of the rounds' own, with its quartiles."
            : "Medians of rounds in turn, in one process.");
        console.WriteLine("A multiply-accumulate counts as two operations, checks as none. Weights are prepared once, activations in every run.");
        foreach (var note in notes)
            console.WriteLine(note);
    }

    private static string Spread(GemmResult r) => r.RatioQuartiles is [var lower, var upper] ? $"({Numerals.Of(lower, "F3")} to {Numerals.Of(upper, "F3")})" : "";
}
