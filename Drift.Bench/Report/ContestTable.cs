using System.Globalization;
using Spectre.Console;

namespace Drift.Bench;

/// <summary>The table of <c>drift bench conv</c>, <c>attention</c> and <c>norms</c>.</summary>
internal static class ContestTable
{
    /// <summary>Prints it.</summary>
    /// <param name="output">Standard output.</param>
    /// <param name="results">The pairs, in order.</param>
    /// <param name="notes">What is not in the table, and why.</param>
    public static void Print(TextWriter output, IEnumerable<ContestResult> results, IEnumerable<string> notes)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns("what", "type", "shape").AddColumn(new TableColumn("threads").RightAligned()).AddColumn("protection");
        table.AddColumn(new TableColumn("ours").RightAligned()).AddColumn(new TableColumn("rival").RightAligned()).AddColumns("unit", "rival's name").AddColumn(new TableColumn("ours / rival").RightAligned()).AddColumns("quartiles", "the same twice");
        foreach (var (label, r, ratio, control) in results)
            table.AddRow(r.What, r.Type, Markup.Escape(label), r.Threads.ToString(CultureInfo.InvariantCulture), r.Protection, Numerals.Of(r.Ours, "F1"), Numerals.Of(r.Rival, "F1"), r.Unit,
                Markup.Escape(r.RivalName ?? "-"), Numerals.Of(r.Ratio, "F3") + (r.Disturbed ? "*" : " "), Range(ratio?.Ratio), Range(control?.Ratio));
        var console = ReportConsole.On(output);
        console.WriteWhole(table);
        console.WriteLine("Medians of rounds in turn, in one process; of two forms of ours rounds in random order, the median of their ratios and its quartiles, and those of the plain form and its double. Checks count as no operations. Filters are prepared once, all else in every run.");
        foreach (var note in notes)
            console.WriteLine(note);
    }

    private static string Range(Quartiles? ratios) => ratios is { } range ? $"{Numerals.Of(range.Lower, "F3")} to {Numerals.Of(range.Upper, "F3")}" : "";
}
