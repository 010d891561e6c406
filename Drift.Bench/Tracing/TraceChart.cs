using Drift.Models;
using ScottPlot;

namespace Drift.Bench;

/// <summary>trace.png: a run by step, and its flagged lines by step and block.</summary>
internal static class TraceChart
{
    private const int Width = 1100, Height = 1300;
    private const double Milli = 1e3;

    /// <summary>The picture.</summary>
    public static byte[] ToPng(RunTrace trace, string title)
    {
        var steps = trace.Rows.GroupBy(row => row.Site.Step).OrderBy(step => step.Key).ToList();
        var x = steps.Select(step => (double)step.Key).ToArray();
        var multiplot = new Multiplot();
        multiplot.AddPlots(4);
        var plots = multiplot.GetPlots();
        double[] Sums(Func<TraceRow, double> value) => [.. steps.Select(step => step.Sum(value))];

        var guarded = steps.Select(step => step.Where(row => row.Events is not null).ToList()).ToList();
        Line(plots[0], x, [.. guarded.Select(rows => rows.Count == 0 ? double.NaN : rows.Average(row => row.Events!.Value.Point.Voltage.Value))], "V, guarded layers");
        Line(plots[0], x, [.. guarded.Select(rows => rows.Count == 0 ? double.NaN : rows.Average(row => row.Events!.Value.Point.Frequency.Gigahertz))], "GHz, guarded layers");
        Finish(plots[0], $"{title}: operating point", "V, GHz");

        Line(plots[1], x, Sums(row => row.Events?.Faults ?? 0), "faults injected");
        Line(plots[1], x, Sums(row => row.Events?.Flagged ?? 0), "lines flagged");
        Line(plots[1], x, Sums(row => row.Mended), "elements mended");
        Finish(plots[1], "Faults (measured)", "a step");

        Line(plots[2], x, Sums(row => row.Cost.ComputeEnergy.Value * Milli), "compute, mJ");
        Line(plots[2], x, Sums(row => row.Cost.CheckEnergy.Value * Milli), "checks, mJ");
        Line(plots[2], x, Sums(row => row.Cost.MemoryEnergy.Value * Milli), "checkpoints, mJ");
        Finish(plots[2], "Energy (modelled; weights are read once a batch and are not in it)", "mJ a step");

        Map(plots[3], trace, steps.Count);
        return multiplot.Render(Width, Height).GetImageBytes(ImageFormat.Png);
    }

    private static void Map(Plot plot, RunTrace trace, int steps)
    {
        var guarded = trace.Rows.Where(row => row.Events is not null).ToList();
        var blocks = guarded.Count == 0 ? 1 : guarded.Max(row => row.Site.Block) + 1;
        var flagged = new double[blocks, steps];
        foreach (var row in guarded)
            flagged[row.Site.Block, row.Site.Step] += row.Events!.Value.Flagged;
        var map = plot.Add.Heatmap(flagged);
        map.FlipVertically = true;
        plot.Add.ColorBar(map);
        plot.Title("Lines flagged, by step and block (measured)");
        plot.XLabel("step");
        plot.YLabel("block");
    }

    private static void Line(Plot plot, double[] x, double[] y, string label)
    {
        var line = plot.Add.Scatter(x, y);
        (line.LineWidth, line.MarkerSize, line.LegendText) = (2, 3, label);
    }

    private static void Finish(Plot plot, string title, string unit)
    {
        plot.Title(title);
        plot.XLabel("step");
        plot.YLabel(unit);
        plot.ShowLegend(Alignment.UpperRight);
    }
}
