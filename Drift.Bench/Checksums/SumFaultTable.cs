using System.Globalization;
using Drift.Models;
using Spectre.Console;

namespace Drift.Bench;

/// <summary>The table of <c>drift checksum faults</c>, all counted against the plan.</summary>
internal static class SumFaultTable
{
    /// <summary>Prints it.</summary>
    /// <param name="output">Standard output.</param>
    /// <param name="rows">The rows.</param>
    public static void Print(TextWriter output, IReadOnlyList<SumFaultRow> rows)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumn(new TableColumn("protection").NoWrap()).AddColumn("sums");
        foreach (var name in new[] { "hits of\nsums", "flips\n ", "lines\nflagged", "false\nalarms", "elements\nmasked", "exact %\n ", "rolled\nback %", "left\n< 2^10 %", "missed\n ", "wrong\nvalue", "mis-\nplaced", "escaped\nper flip" })
            table.AddColumn(new TableColumn(name).RightAligned().NoWrap());
        foreach (var r in rows)
        {
            var o = r.Outcome;
            table.AddRow(r.Protection, r.Exposed ? "hit too" : "sound", Numerals.Of(r.SumHits), Numerals.Of(o.Flips), Numerals.Of(r.LinesFlagged), Numerals.Of(r.FalseAlarms), Numerals.Of(r.Masked), Share(o.Exact, o.Flips), Share(o.RolledBack, o.Flips),
                Share(o.Left, o.Flips), Numerals.Of(o.Missed), Numerals.Of(o.WrongValue), Numerals.Of(o.Misplaced), ConfidenceInterval.OfProportion(Math.Min(o.Escaped, o.Flips), o.Flips).Mean.ToString("0.#e0", CultureInfo.InvariantCulture));
        }

        var console = ReportConsole.On(output);
        console.WriteWhole(table);
        console.WriteLine("Counted against the plan. Hit too: every expected and observed sum is an INT32 word that is hit at the rate of an accumulator. A false alarm is a condemned line without a flip of the product.");
    }

    private static string Share(long part, long whole) => whole == 0 ? "-" : (100.0 * part / whole).ToString("F2", CultureInfo.InvariantCulture);
}
