using System.Globalization;
using Drift.Abft;
using ScottPlot;
using ScottPlot.TickGenerators;

namespace Drift.Bench;

/// <summary>The figure of <c>drift decode</c>: the share of flips that are not taken back, and that escape, against the error rate, a colour a code. All of it measured.</summary>
internal static class DecodingChart
{
    private const int Width = 900, Height = 600;

    /// <summary>The picture.</summary>
    /// <param name="results">Outcomes of each code and rate.</param>
    public static byte[] ToPng(IReadOnlyList<DecodingResult> results)
    {
        using var plot = new Plot();
        var palette = new ScottPlot.Palettes.Category10();
        var codes = results.Select(result => result.Code).Distinct().ToList();
        for (var i = 0; i < codes.Count; i++)
        {
            var own = results.Where(result => result.Code == codes[i]).OrderBy(result => result.Rate).ToList();
            Line(plot, own, outcome => outcome.RolledBack + outcome.Left, palette.GetColor(i), LinePattern.Solid, $"{codes[i].Name}: rolled back, or left below 2^10");
            Line(plot, own, outcome => outcome.Escaped, palette.GetColor(i), LinePattern.Dashed, $"{codes[i].Name}: escaped");
        }

        foreach (var axis in new IAxis[] { plot.Axes.Bottom, plot.Axes.Left })
            axis.TickGenerator = new NumericAutomatic { IntegerTicksOnly = true, LabelFormatter = power => string.Create(CultureInfo.InvariantCulture, $"1E{power:0}"), MinorTickGenerator = new LogMinorTickGenerator() };
        plot.XLabel("error rate p, hits per element");
        plot.YLabel("share of the flips");
        plot.Title("What the decoder does not take back (measured, tiles of real runs)");
        plot.ShowLegend(Alignment.UpperLeft);
        return plot.GetImageBytes(Width, Height, ImageFormat.Png);
    }

    /// <summary>Points on logarithmic axes; a share of 0 has none.</summary>
    private static void Line(Plot plot, IEnumerable<DecodingResult> results, Func<Outcome, long> part, Color color, LinePattern pattern, string label)
    {
        var points = results.Where(result => part(result.Outcome) > 0).ToList();
        if (points.Count == 0)
            return;
        var line = plot.Add.Scatter(points.Select(point => Math.Log10(point.Rate)).ToArray(),
            points.Select(point => Math.Log10((double)part(point.Outcome) / point.Outcome.Flips)).ToArray(), color);
        (line.LineWidth, line.LinePattern, line.MarkerSize, line.LegendText) = (2, pattern, 6, label);
    }
}
