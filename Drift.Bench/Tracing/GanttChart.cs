using System.Globalization;
using Drift.Dvfs;
using Drift.Models;
using ScottPlot;
using ScottPlot.TickGenerators;

namespace Drift.Bench;

/// <summary>gantt.png: the two queues over a step that saves checkpoints and, where there is one, a step that restores only.</summary>
internal static class GanttChart
{
    private const int Width = 1200, Height = 420;
    private const double Micro = 1e6, BarHeight = 0.7;
    private static readonly string[] Queues = ["array computes", "memory restores", "memory saves"];

    /// <summary>The picture.</summary>
    /// <param name="traced">The run.</param>
    /// <param name="step">The step to show.</param>
    /// <param name="memory">Name of the memory.</param>
    public static byte[] ToPng(TracedTimeline traced, int step, string memory)
    {
        var tasks = Enumerable.Range(0, traced.Rows.Count).Where(i => traced.Rows[i].Site.Step == step).Select(i => traced.Tasks[i]).ToHashSet();
        var spans = traced.Timeline.Spans.Where(span => tasks.Contains(span.Task)).ToList();
        var origin = spans.Count == 0 ? 0 : spans.Min(span => span.Start.Value);
        using var plot = new Plot();
        var palette = new ScottPlot.Palettes.Category10();
        foreach (var span in spans)
        {
            var row = Row(span.Track);
            var bar = plot.Add.Rectangle((span.Start.Value - origin) * Micro, (span.End.Value - origin) * Micro, row - BarHeight / 2, row + BarHeight / 2);
            (bar.FillColor, bar.LineWidth) = (palette.GetColor((int)span.Track), 0);
        }

        plot.Axes.Left.TickGenerator = new NumericManual([.. Queues.Select((_, i) => (double)(Queues.Length - 1 - i))], Queues);
        plot.Axes.SetLimitsY(-0.6, Queues.Length - 0.4);
        plot.XLabel("modelled time, microseconds");
        plot.Title(string.Create(CultureInfo.InvariantCulture, $"Step {step} on {memory}: {100 * traced.Timeline.Hidden:F1} % of the run's transfer time is hidden behind compute (modelled)"));
        return plot.GetImageBytes(Width, Height, ImageFormat.Png);
    }

    /// <summary>The step that writes the most checkpoint bytes after the first, which mends nothing yet.</summary>
    /// <param name="rows">The run.</param>
    public static int BusiestStep(IReadOnlyList<TraceRow> rows) => rows.Where(row => row.Kind is ChargeKind.Save or ChargeKind.Restore && row.Site.Step > 0).GroupBy(row => row.Site.Step)
        .OrderByDescending(step => step.Where(row => row.Kind == ChargeKind.Save).Sum(row => row.Cost.Moved.Value)).ThenByDescending(step => step.Sum(row => row.Cost.Moved.Value))
        .Select(step => step.Key).FirstOrDefault();

    private static int Row(TimelineTrack queue) => queue switch { TimelineTrack.Compute => 2, TimelineTrack.Restore => 1, _ => 0 };
}
