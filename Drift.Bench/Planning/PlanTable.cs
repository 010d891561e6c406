using System.Globalization;
using Drift.Models;
using Spectre.Console;

namespace Drift.Bench;

/// <summary>What <c>drift plan</c> prints at its end.</summary>
internal static class PlanTable
{
    /// <summary>Prints it.</summary>
    /// <param name="output">Standard output.</param>
    /// <param name="options">What was asked.</param>
    /// <param name="result">What came of it.</param>
    public static void Print(TextWriter output, PlanOptions options, PlanResult result)
    {
        var console = ReportConsole.On(output);
        var (check, metric) = (result.Verifications[^1], options.Budget.Metric);
        var table = new Table().Border(TableBorder.Rounded).AddColumn(new TableColumn($"{check.Pictures} fresh pictures").NoWrap());
        foreach (var (name, origin) in new[] { ($"{metric} (95 %)", "measured"), ("energy saved %", "quoted mix"), ("energy saved %", "modelled"), ("speed-up", "modelled") })
            table.AddColumn(new TableColumn($"{name}\n[dim]{origin}[/]").RightAligned().NoWrap());
        table.AddRow("paper's schedule", Interval(check.PaperQuality), Number(check.PaperSavedPercent), Number(check.PaperOwnSavedPercent), Number(check.PaperSpeedup, "F2"));
        table.AddRow("plan", Interval(check.Quality), Number(check.SavedPercent), Number(check.OwnSavedPercent), Number(check.Speedup, "F2"));
        table.AddRow("plan less paper, paired", Interval(check.Difference), Number(check.SavedPercent - check.PaperSavedPercent), Number(check.OwnSavedPercent - check.PaperOwnSavedPercent),
            Number(check.Speedup - check.PaperSpeedup, "F2"));
        console.WriteWhole(table);
        console.WriteLine($"{options.Budget}: {(check.Kept ? "holds" : "does not hold")} with 95 % confidence. {result.Policy.Protection}, checkpoints every {result.Policy.Interval} steps, "
            + string.Join("; ", result.Policy.Points.Select(Text)));
    }

    private static string Text(PolicyPoint point)
    {
        var parts = new[] { ("steps", point.Steps), ("blocks", point.Blocks), ("roles", point.Roles) }.Where(part => part.Item2 != Selection.All).Select(part => $"{part.Item1} {part.Item2}").ToList();
        return string.Create(CultureInfo.InvariantCulture, $"{(parts.Count == 0 ? "all" : string.Join(", ", parts))} at {point.Volts} V");
    }

    private static string Interval(ConfidenceInterval span) => string.Create(CultureInfo.InvariantCulture, $"{span.Mean:F4} ({span.Low:F4}..{span.High:F4})");

    private static string Number(double value, string format = "F1") => Numerals.Of(value, format);
}
