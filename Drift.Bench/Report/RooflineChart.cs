using System.Globalization;
using ScottPlot;
using ScottPlot.TickGenerators;

namespace Drift.Bench;

/// <summary>The figure of <c>drift bench roofline</c>: speed over operations a byte, a colour a type. All of it measured.</summary>
internal static class RooflineChart
{
    private const int Width = 1000, Height = 640;
    private const double LeastIntensity = 0.1, MostIntensity = 2000;

    /// <summary>The picture.</summary>
    public static byte[] ToPng(RooflineReport report)
    {
        using var plot = new Plot();
        var palette = new ScottPlot.Palettes.Category10();
        var top = report.Peaks.Select(peak => peak.Rate).Append(1).Max();
        foreach (var bandwidth in report.Bandwidths)
        {
            var line = Line(plot, [LeastIntensity, top / bandwidth.Rate], [LeastIntensity * bandwidth.Rate, top], Colors.Gray, LinePattern.Dashed);
            line.LegendText = string.Create(CultureInfo.InvariantCulture, $"reading {Size(bandwidth.Bytes)}: {bandwidth.Rate:0} GB/s");
        }

        var types = report.Peaks.Select(peak => peak.Type).Union(report.Points.Select(point => point.Result.Type)).ToList();
        foreach (var peak in report.Peaks)
        {
            var line = Line(plot, [LeastIntensity, MostIntensity], [peak.Rate, peak.Rate], palette.GetColor(types.IndexOf(peak.Type)), LinePattern.Solid);
            line.LegendText = string.Create(CultureInfo.InvariantCulture, $"{peak.Type} on registers: {peak.Rate:0} GOP/s");
        }

        foreach (var group in report.Points.GroupBy(point => (point.Result.Type, Plain: point.Result.Protection == "none")))
        {
            var points = plot.Add.ScatterPoints(group.Select(point => Math.Log10(point.Intensity)).ToArray(), group.Select(point => Math.Log10(point.Result.Ours)).ToArray(),
                palette.GetColor(types.IndexOf(group.Key.Type)));
            (points.MarkerSize, points.MarkerShape) = (9, group.Key.Plain ? MarkerShape.FilledCircle : MarkerShape.OpenTriangleUp);
            points.LegendText = $"{group.Key.Type}, {(group.Key.Plain ? "no checks" : "checked")}";
        }

        foreach (var axis in new IAxis[] { plot.Axes.Bottom, plot.Axes.Left })
            axis.TickGenerator = new NumericAutomatic { IntegerTicksOnly = true, LabelFormatter = power => Math.Pow(10, power).ToString("0.##", CultureInfo.InvariantCulture), MinorTickGenerator = new LogMinorTickGenerator() };
        plot.XLabel("operations a byte of operands and result");
        plot.YLabel("billions of operations a second");
        plot.Title($"Products under this machine's roofs, {Numerals.Count(report.Threads, "thread")} (measured)");
        plot.ShowLegend(Alignment.LowerRight);
        return plot.GetImageBytes(Width, Height, ImageFormat.Png);
    }

    /// <summary>Bytes, as 256 KiB.</summary>
    public static string Size(long bytes) => bytes < 1 << 20 ? $"{bytes >> 10} KiB" : $"{bytes >> 20} MiB";

    private static ScottPlot.Plottables.Scatter Line(Plot plot, double[] x, double[] y, Color color, LinePattern pattern)
    {
        var line = plot.Add.ScatterLine(x.Select(Math.Log10).ToArray(), y.Select(Math.Log10).ToArray(), color);
        (line.LineWidth, line.LinePattern) = (2, pattern);
        return line;
    }
}
