using System.Globalization;
using ScottPlot;
using ScottPlot.TickGenerators;

namespace Drift.Bench;

/// <summary>A chart of a campaign.</summary>
/// <param name="Name">Name of its file, without ending.</param>
/// <param name="Title">What it shows.</param>
/// <param name="Png">The picture.</param>
internal sealed record CampaignChart(string Name, string Title, byte[] Png);

/// <summary>The charts of a campaign's first metric: a map for every two axes, a curve with its band for every axis with an order, marks with intervals for every other. All of it measured.</summary>
/// <param name="plan">The campaign.</param>
/// <param name="states">One a cell.</param>
internal sealed class CampaignCharts(CampaignPlan plan, IReadOnlyList<CellState> states)
{
    private const int Width = 900, Height = 560, MostNumbers = 240, MostCurves = 8;
    private static readonly IReadOnlyList<string> Ordered = [Axes.Step, Axes.Block, Axes.Bit, Axes.Rate, Axes.Voltage, Axes.Tile, Axes.Threshold, Axes.Interval, Axes.Shift];
    private readonly Metric _metric = Metric.Named(plan.Metrics[0]);

    /// <summary>Draws them.</summary>
    public IEnumerable<CampaignChart> Draw()
    {
        var wide = Enumerable.Range(0, plan.Axes.Count).Where(i => plan.Axes[i].Values.Count > 1).ToList();
        foreach (var (a, b) in wide.SelectMany((a, i) => wide.Skip(i + 1).Select(b => (a, b))))
            yield return Map(a, b);
        foreach (var axis in wide)
        {
            yield return Ordered.Contains(plan.Axes[axis].Name)
                ? Curve(axis, wide.Where(other => other != axis && plan.Axes[other].Values.Count <= MostCurves).Cast<int?>().FirstOrDefault())
                : Marks(axis);
        }
    }

    private CampaignChart Map(int a, int b)
    {
        var (rows, columns) = (plan.Axes[b], plan.Axes[a]);
        var values = new double[rows.Values.Count, columns.Values.Count];
        for (var r = 0; r < rows.Values.Count; r++)
        {
            for (var c = 0; c < columns.Values.Count; c++)
                values[r, c] = Mean(places => places[a] == columns.Values[c] && places[b] == rows.Values[r]).Mean;
        }

        using var plot = new Plot();
        var map = plot.Add.Heatmap(values);
        map.Colormap = new ScottPlot.Colormaps.Viridis();
        plot.Add.ColorBar(map).Label = Unit();
        if (values.Length <= MostNumbers)
            Write(plot, values);
        Name(plot.Axes.Bottom, columns, i => i);
        Name(plot.Axes.Left, rows, i => rows.Values.Count - 1 - i);
        var wordy = columns.Values.Max(value => value.Length) > 4;
        plot.Axes.Bottom.TickLabelStyle.Rotation = wordy ? -40 : 0;
        plot.Axes.Bottom.TickLabelStyle.Alignment = wordy ? Alignment.MiddleRight : Alignment.UpperCenter;
        plot.XLabel(columns.Name);
        plot.YLabel(rows.Name);
        var title = $"{_metric.Name} by {columns.Name} and {rows.Name} (mean over trials, measured)";
        plot.Title(title);
        return new CampaignChart($"map-{columns.Name}-{rows.Name}", title, plot.GetImageBytes(Width, Height, ImageFormat.Png));
    }

    private static void Write(Plot plot, double[,] values)
    {
        var (least, most) = (values.Cast<double>().Min(), values.Cast<double>().Max());
        for (var r = 0; r < values.GetLength(0); r++)
        {
            for (var c = 0; c < values.GetLength(1); c++)
            {
                var text = plot.Add.Text(values[r, c].ToString("0.#", CultureInfo.InvariantCulture), c, values.GetLength(0) - 1 - r);
                text.LabelAlignment = Alignment.MiddleCenter;
                text.LabelFontSize = 11;
                text.LabelFontColor = values[r, c] > least + (most - least) * 0.6 ? Colors.Black : Colors.White;
            }
        }
    }

    private CampaignChart Curve(int axis, int? series)
    {
        using var plot = new Plot();
        var palette = new ScottPlot.Palettes.Category10();
        var (along, logarithmic) = (plan.Axes[axis], plan.Axes[axis].Name == Axes.Rate);
        var kinds = series is { } s ? plan.Axes[s].Values : [""];
        for (var k = 0; k < kinds.Count; k++)
        {
            var points = along.Values.Select(value => (X: Number(along.Name, value), Y: Mean(places => places[axis] == value && (series is null || places[series.Value] == kinds[k])))).OrderBy(point => point.X).ToList();
            double[] x = [.. points.Select(point => logarithmic ? Math.Log10(point.X) : point.X)];
            var band = plot.Add.FillY(x, [.. points.Select(point => point.Y.Mean - point.Y.Half)], [.. points.Select(point => point.Y.Mean + point.Y.Half)]);
            (band.FillColor, band.LineWidth) = (palette.GetColor(k).WithAlpha(0.25), 0);
            var line = plot.Add.Scatter(x, [.. points.Select(point => point.Y.Mean)], palette.GetColor(k));
            (line.LineWidth, line.MarkerSize, line.LegendText) = (2, 5, series is { } named ? $"{plan.Axes[named].Name} {kinds[k]}" : "");
        }

        if (logarithmic)
            plot.Axes.Bottom.TickGenerator = new NumericAutomatic { IntegerTicksOnly = true, LabelFormatter = power => string.Create(CultureInfo.InvariantCulture, $"1E{power:0}"), MinorTickGenerator = new LogMinorTickGenerator() };
        plot.XLabel(logarithmic ? "rate, hits per element" : along.Name == Axes.Step ? "first step of the range" : along.Name);
        plot.YLabel(Unit());
        var title = $"{_metric.Name} over {along.Name} (mean and interval of its cells, measured)";
        plot.Title(title);
        if (series is not null)
            plot.ShowLegend(Edge.Right);
        return new CampaignChart($"curve-{along.Name}", title, plot.GetImageBytes(Width, Height, ImageFormat.Png));
    }

    private CampaignChart Marks(int axis)
    {
        using var plot = new Plot();
        var along = plan.Axes[axis];
        var points = along.Values.Select(value => Mean(places => places[axis] == value)).ToList();
        double[] x = [.. Enumerable.Range(0, points.Count).Select(i => (double)i)], y = [.. points.Select(point => point.Mean)];
        var marks = plot.Add.ScatterPoints(x, y);
        marks.MarkerSize = 9;
        plot.Add.ErrorBar(x, y, [.. points.Select(point => point.Half)]).Color = marks.Color;
        Name(plot.Axes.Bottom, along, i => i);
        plot.Axes.SetLimitsX(-0.5, points.Count - 0.5);
        plot.XLabel(along.Name);
        plot.YLabel(Unit());
        var title = $"{_metric.Name} by {along.Name} (mean and interval of its cells, measured)";
        plot.Title(title);
        return new CampaignChart($"marks-{along.Name}", title, plot.GetImageBytes(Width, Height, ImageFormat.Png));
    }

    private static void Name(IAxis edge, Axis axis, Func<int, double> place) =>
        edge.TickGenerator = new NumericManual([.. Enumerable.Range(0, axis.Values.Count).Select(place)], [.. axis.Values]);

    /// <summary>Mean over some cells. Cells share their pictures, so their errors may go together: the half widths are averaged, which holds in any case.</summary>
    private (double Mean, double Half) Mean(Func<string[], bool> chosen)
    {
        var cells = Enumerable.Range(0, states.Count).Where(cell => states[cell].Count > 0 && chosen(plan.ValuesOf(cell))).Select(cell => states[cell].Interval(0)).ToList();
        return cells.Count == 0 ? (double.NaN, double.NaN) : (cells.Average(cell => cell.Mean), cells.Average(cell => double.IsNaN(cell.High) ? 0 : (cell.High - cell.Low) / 2));
    }

    private string Unit() => _metric.Unit.Length > 0 ? $"{_metric.Name}, {_metric.Unit}" : _metric.Name;

    private static double Number(string axis, string value) => axis == Axes.Step ? Axes.Steps(value)!.Value.First : double.Parse(value, CultureInfo.InvariantCulture);
}
