using System.Globalization;
using Spectre.Console;

namespace Drift.Bench;

/// <summary>The table of <c>--overheads</c>.</summary>
internal static class OverheadTable
{
    /// <summary>Prints it.</summary>
    /// <param name="output">Standard output.</param>
    /// <param name="results">The forms, in order.</param>
    public static void Print(TextWriter output, IReadOnlyCollection<OverheadResult> results)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns("what", "type", "shape").AddColumn(new TableColumn("threads").RightAligned()).AddColumn("protection");
        foreach (var name in new[] { "speed", "unit", "over unprotected %", "quartiles", "rounds" })
            table.AddColumn(new TableColumn(name).RightAligned().NoWrap());
        foreach (var r in results)
        {
            table.AddRow(r.What, r.Type, Markup.Escape(r.Label), r.Threads.ToString(CultureInfo.InvariantCulture), r.Protection, Numerals.Of(r.Speed, "F1"), r.Unit,
                Numerals.Of(r.Percent, "F2") + (r.Taken > GemmResult.Bearable ? "*" : " "), $"{Numerals.Of(r.Lower, "F2")} to {Numerals.Of(r.Upper, "F2")}", r.Rounds.ToString(CultureInfo.InvariantCulture));
        }

        var console = ReportConsole.On(output);
        console.WriteWhole(table);
        console.WriteLine("Time over the unprotected form's of the same round (measured): medians and quartiles of rounds in random order, in one process, memory made anew every few rounds. 'again' is the unprotected form beside itself.");
        if (results.Any(r => r.Taken > GemmResult.Bearable))
            console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"* Disturbed: other processes took over {GemmResult.Bearable} processors from the measured threads."));
    }
}
