using System.Globalization;
using Spectre.Console;

namespace Drift.Bench;

/// <summary>The table of a comparison. Each heading says whether its column was measured here, modelled, or rests on a quoted figure.</summary>
internal static class CompareTable
{
    private const string Measured = "measured", Modelled = "modelled", Quoted = "quoted mix";

    /// <summary>Prints it.</summary>
    /// <param name="output">Standard output.</param>
    /// <param name="rows">The rows, in table order.</param>
    public static void Print(TextWriter output, IEnumerable<CompareRow> rows)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumn("row");
        foreach (var (name, origin) in new[]
        {
            ("PSNR dB\n(95 %)", Measured), ("SSIM\n(95 %)", Measured), ("class\nright %", Measured), ("faults\ninjected", Measured), ("lines\nflagged", Measured),
            ("elements\nmended", Measured), ("missed\n>= 2^10", Measured), ("false\nalarms", Measured), ("energy\nJ/image", Modelled), ("energy\nsaved %", Modelled),
            ("energy\nsaved %", Quoted), ("speed-up\n ", Modelled), ("wall s\n ", Measured),
        })
            table.AddColumn(new TableColumn($"{name}\n[dim]{origin}[/]").RightAligned().NoWrap());
        foreach (var row in rows)
        {
            table.AddRow(Title(row.Row), Interval(row.Psnr, row.PsnrHigh, "F1"), Interval(row.Ssim, row.SsimHigh, "F3"), Number(row.Accuracy * 100, "F1"),
                Count(row.FaultsInjected), Count(row.LinesFlagged), Count(row.ElementsMended), Count(row.MissedLarge), Count(row.FalseAlarms),
                Number(row.EnergyJoulesPerImage, "G4"), Number(row.EnergySavedPercent, "F1"), Number(row.EnergySavedPercentPaperMix, "F1"), Number(row.Speedup, "F2"),
                Number(row.WallSeconds, "F2"));
        }

        var console = ReportConsole.On(output);
        console.Write(table);
        console.WriteLine("PSNR and SSIM: against the nominal row, mean over the pictures with its 95 % interval. Quoted mix: modelled too, but with");
        console.WriteLine("this run's relative compute energy and traffic weighted by the paper's compute-to-memory ratio k.");
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
