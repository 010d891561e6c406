using System.Globalization;
using Drift.Models;
using Spectre.Console;

namespace Drift.Bench;

/// <summary>The table of <c>drift decode</c>. All of it is counted against the fault plan.</summary>
internal static class DecodingTable
{
    private static readonly (string Name, Func<DecodingResult, string> Value)[] Columns =
    [
        ("volts", r => r.Volts.ToString("F3", CultureInfo.InvariantCulture)),
        ("p", r => r.Rate.ToString("G4", CultureInfo.InvariantCulture)),
        ("code", r => r.Code.Name),
        ("flips", r => Count(r.Outcome.Flips)),
        ("exact %", r => Share(r.Outcome.Exact, r.Outcome.Flips)),
        ("rolled back %", r => Share(r.Outcome.RolledBack, r.Outcome.Flips)),
        ("left < 2^10 %", r => Share(r.Outcome.Left, r.Outcome.Flips)),
        ("missed", r => Count(r.Outcome.Missed)),
        ("wrong value", r => Count(r.Outcome.WrongValue)),
        ("misplaced", r => Count(r.Outcome.Misplaced)),
        ("escaped per flip", r => Rate(r.Outcome.Escaped, r.Outcome.Flips)),
        ("tiles given up", r => Count(r.Outcome.TilesGivenUp)),
    ];

    /// <summary>Prints it.</summary>
    /// <param name="output">Standard output.</param>
    /// <param name="results">The rows, in order.</param>
    public static void Print(TextWriter output, IReadOnlyList<DecodingResult> results)
    {
        var table = new Table().Border(TableBorder.Rounded);
        foreach (var (name, _) in Columns)
            table.AddColumn(new TableColumn(name).RightAligned().NoWrap());
        foreach (var result in results)
            table.AddRow([.. Columns.Select(column => column.Value(result))]);
        var console = ReportConsole.On(output);
        console.WriteWhole(table);
        console.WriteLine("p: hits per element. Shares with Wilson's 95 % interval. Escaped: values wrong by 2^10 or more that go on unmended; missed, wrong value and misplaced are its kinds.");
    }

    /// <summary>The same as CSV, counts in full.</summary>
    /// <param name="results">The rows, in order.</param>
    public static byte[] ToCsv(IEnumerable<DecodingResult> results) => CsvTable.Write(
    [
        ("volts", r => CsvTable.Text(r.Volts)),
        ("ratePerElement", r => CsvTable.Text(r.Rate)),
        ("code", r => r.Code.Name),
        ("flips", r => CsvTable.Text(r.Outcome.Flips)),
        ("exact", r => CsvTable.Text(r.Outcome.Exact)),
        ("rolledBack", r => CsvTable.Text(r.Outcome.RolledBack)),
        ("left", r => CsvTable.Text(r.Outcome.Left)),
        ("missed", r => CsvTable.Text(r.Outcome.Missed)),
        ("wrongValue", r => CsvTable.Text(r.Outcome.WrongValue)),
        ("misplaced", r => CsvTable.Text(r.Outcome.Misplaced)),
        ("tilesGivenUp", r => CsvTable.Text(r.Outcome.TilesGivenUp)),
    ], results);

    private static string Count(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Share(long part, long whole)
    {
        var share = ConfidenceInterval.OfProportion(part, whole);
        return string.Create(CultureInfo.InvariantCulture, $"{100 * share.Mean:F2} ({100 * share.Low:F2}..{100 * share.High:F2})");
    }

    private static string Rate(long part, long whole)
    {
        var share = ConfidenceInterval.OfProportion(part, whole);
        return string.Create(CultureInfo.InvariantCulture, $"{share.Mean:0.#e0} (..{share.High:0.#e0})");
    }
}
