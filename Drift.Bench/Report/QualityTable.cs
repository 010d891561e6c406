using Drift.Models;
using Spectre.Console;

namespace Drift.Bench;

/// <summary>The table of <c>drift quality</c>.</summary>
internal static class QualityTable
{
    private const int MostRows = 20, WorstShown = 10;

    /// <summary>Prints it.</summary>
    /// <param name="output">Standard output.</param>
    /// <param name="result">The results.</param>
    public static void Print(TextWriter output, QualityResult result)
    {
        var console = ReportConsole.On(output);
        if (result.Means is { } means)
        {
            console.WriteWhole(Pairs(result, means));
            if (result.Rows.Count > MostRows)
                console.WriteLine($"The {WorstShown} pairs of the least PSNR; --json FILE holds all.");
        }

        if (result.Sets is { } sets)
        {
            console.WriteLine($"Frechet distance {Number(sets.Frechet)}, kernel distance {Number(sets.Kernel)}: {sets.SamplesA} and {sets.SamplesB} vectors of {sets.Dimensions} values from {sets.Features}");
            if (Math.Min(sets.SamplesA, sets.SamplesB) <= sets.Dimensions)
                console.WriteLine($"{Math.Min(sets.SamplesA, sets.SamplesB)} vectors of {sets.Dimensions} values have a singular covariance: the Frechet distance depends on their number.");
        }
    }

    private static Table Pairs(QualityResult result, QualityMeans means)
    {
        (string Title, Func<QualityRow, double?> Of, ConfidenceInterval? Mean)[] columns =
        [
            ("PSNR dB", row => row.Psnr, means.Psnr),
            ("SSIM", row => row.Ssim, means.Ssim),
            ("MS-SSIM", row => row.MsSsim, means.MsSsim),
            ("feature distance", row => row.FeatureDistance, means.FeatureDistance),
            ($"LPIPS ({result.LpipsNetwork})", row => row.Lpips, means.Lpips),
        ];
        var shown = columns.Where(column => result.Rows.Any(row => column.Of(row) is not null)).ToList();
        var table = new Table().Border(TableBorder.Rounded).AddColumn("picture");
        foreach (var column in shown)
            table.AddColumn(new TableColumn(Markup.Escape(column.Title)).RightAligned());
        IEnumerable<QualityRow> rows = result.Rows.Count > MostRows ? result.Rows.OrderBy(row => row.Psnr).Take(WorstShown) : result.Rows;
        foreach (var row in rows)
            table.AddRow([Markup.Escape(row.Name), .. shown.Select(column => Number(column.Of(row)))]);
        if (result.Rows.Count > 1)
            table.AddRow([$"mean of {result.Rows.Count} (95 %)", .. shown.Select(column => Number(column.Mean))]);
        return table;
    }

    private static string Number(ConfidenceInterval? mean) => mean is not { } interval ? "-"
        : double.IsNaN(interval.High) ? Number(interval.Mean) : $"{Number(interval.Mean)} ± {Number(interval.High - interval.Mean)}";

    private static string Number(double? value) => Numerals.Of(value, "0.####");
}
