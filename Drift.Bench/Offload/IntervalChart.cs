using System.Globalization;
using ScottPlot;
using ScottPlot.TickGenerators;

namespace Drift.Bench;

/// <summary>The figure of <c>drift interval</c>: cost times error over the interval, as theory has it and as runs came out.</summary>
internal static class IntervalChart
{
    private const int Width = 900, Height = 600;

    /// <summary>The picture.</summary>
    /// <param name="rows">The intervals, ascending.</param>
    /// <param name="subject">What was run.</param>
    public static byte[] ToPng(IReadOnlyList<IntervalRow> rows, string subject)
    {
        using var plot = new Plot();
        double[] intervals = [.. rows.Select(row => Math.Log2(row.Interval))];
        foreach (var (values, label) in new (double[], string)[] { ([.. rows.Select(row => row.ByTheory)], "by theory (Young, Daly; modelled)"), ([.. rows.Select(row => row.Measured)], "in whole runs (error measured, cost modelled)") })
        {
            var line = plot.Add.Scatter(intervals, values);
            (line.LineWidth, line.MarkerSize, line.LegendText) = (2, 7, label);
        }

        plot.Axes.Bottom.TickGenerator = new NumericManual(intervals, [.. rows.Select(row => row.Interval.ToString(CultureInfo.InvariantCulture))]);
        plot.XLabel("steps from one checkpoint to the next");
        plot.YLabel("cost x error, the smallest is 1");
        plot.Title($"What a checkpoint interval costs: {subject}");
        plot.ShowLegend(Alignment.UpperCenter);
        return plot.GetImageBytes(Width, Height, ImageFormat.Png);
    }
}
