using System.Globalization;
using ScottPlot;
using ScottPlot.TickGenerators;

namespace Drift.Bench;

/// <summary>Draws figures: quoted curves dashed, others whole, intervals as bands.</summary>
internal static class FigureDrawing
{
    private const int Width = 640, Height = 440, TextSize = 15;
    private const double BandOpacity = 0.18;

    /// <summary>The picture.</summary>
    /// <param name="figure">What is drawn.</param>
    /// <param name="dark">Light lines on a dark ground, or the reverse.</param>
    public static byte[] ToPng(Figure figure, bool dark)
    {
        using var plot = new Plot();
        var palette = new ScottPlot.Palettes.Category10();
        // Quoted points stand on top: where ours agrees they would vanish.
        foreach (var curve in figure.Curves.OrderBy(curve => curve.Kind == ColumnKind.Quoted))
            Add(plot, curve, figure, palette.GetColor(curve.Color));
        foreach (var (axis, isLogarithmic) in new (IAxis, bool)[] { (plot.Axes.Bottom, figure.LogX), (plot.Axes.Left, figure.LogY) })
        {
            if (isLogarithmic)
                axis.TickGenerator = new NumericAutomatic { IntegerTicksOnly = true, LabelFormatter = power => string.Create(CultureInfo.InvariantCulture, $"1E{power:0}"), MinorTickGenerator = new LogMinorTickGenerator() };
        }

        plot.XLabel(figure.XLabel);
        plot.YLabel(figure.YLabel);
        plot.Title(figure.Title);
        // Many curves would hide each other's names: the legend stands below the plot.
        plot.Legend.Orientation = Orientation.Horizontal;
        plot.ShowLegend(Edge.Bottom);
        Paint(plot, dark);
        return plot.GetImageBytes(Width, Height + LegendRows(figure) * (TextSize + 8), ImageFormat.Png);
    }

    private static void Add(Plot plot, Curve curve, Figure figure, Color color)
    {
        var points = curve.Points.Where(point => point.Y.Value is { } y && (!figure.LogX || point.X > 0) && (!figure.LogY || y > 0)).ToList();
        if (points.Count == 0)
            return;
        // A band that reaches 0 ends where the figure does.
        var least = figure.Curves.SelectMany(other => other.Points).Select(point => point.Y.Value ?? 0).Where(y => y > 0).DefaultIfEmpty(1).Min();
        double Y(double y) => figure.LogY ? Math.Log10(Math.Max(y, least)) : y;
        var xs = points.Select(point => figure.LogX ? Math.Log10(point.X) : point.X).ToArray();
        if (points.All(point => point.Y is { Low: not null, High: not null }))
        {
            var band = plot.Add.FillY(xs, points.Select(point => Y(point.Y.Low!.Value)).ToArray(), points.Select(point => Y(point.Y.High!.Value)).ToArray());
            (band.FillColor, band.LineWidth) = (color.WithOpacity(BandOpacity), 0);
        }

        var line = plot.Add.Scatter(xs, points.Select(point => Y(point.Y.Value!.Value)).ToArray(), color);
        var quoted = curve.Kind == ColumnKind.Quoted;
        (line.LineWidth, line.MarkerSize, line.LinePattern, line.LegendText) = (2, quoted ? 10 : 6, quoted ? LinePattern.Dashed : LinePattern.Solid, curve.Name);
        line.MarkerShape = quoted ? MarkerShape.OpenCircle : MarkerShape.FilledCircle;
    }

    private static int LegendRows(Figure figure) => (figure.Curves.Sum(curve => curve.Name.Length + 7) * TextSize * 6 / 10 + Width - 1) / Width;

    private static void Paint(Plot plot, bool dark)
    {
        var (ground, ink, grid) = dark ? (Color.FromHex("#161a20"), Color.FromHex("#dfe3ea"), Color.FromHex("#343a44")) : (Colors.White, Color.FromHex("#1b1f24"), Color.FromHex("#e3e6ea"));
        (plot.FigureBackground.Color, plot.DataBackground.Color, plot.Grid.MajorLineColor) = (ground, ground, grid);
        plot.Axes.Color(ink);
        (plot.Legend.BackgroundColor, plot.Legend.FontColor, plot.Legend.OutlineColor, plot.Legend.ShadowColor) = (ground, ink, ground, Colors.Transparent);
        (plot.Legend.FontSize, plot.Axes.Title.Label.FontSize, plot.Axes.Bottom.Label.FontSize, plot.Axes.Left.Label.FontSize) = (TextSize - 2, TextSize, TextSize, TextSize);
        (plot.Axes.Bottom.TickLabelStyle.FontSize, plot.Axes.Left.TickLabelStyle.FontSize) = (TextSize - 2, TextSize - 2);
    }
}
