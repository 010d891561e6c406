using System.Globalization;
using ScottPlot;
using ScottPlot.TickGenerators;

namespace Drift.Bench;

/// <summary>The figure of <c>drift bench conv</c>, <c>attention</c> and <c>norms</c>: a bar a pair, how many times as fast as the other side ours is. All of it measured.</summary>
internal static class ContestChart
{
    private const int Width = 1100, RowHeight = 22, Margins = 110;

    /// <summary>The picture.</summary>
    /// <param name="results">The pairs, in order; those without another side are left out.</param>
    public static byte[] ToPng(IEnumerable<ContestResult> results)
    {
        var pairs = results.Where(result => result.Pair.Ratio is not null).Reverse().ToArray();
        using var plot = new Plot();
        var palette = new ScottPlot.Palettes.Category10();
        var names = pairs.Select(pair => pair.Pair.RivalName!).Distinct().Order(StringComparer.Ordinal).ToList();
        foreach (var name in names)
        {
            var own = pairs.Index().Where(pair => pair.Item.Pair.RivalName == name).ToArray();
            var bars = plot.Add.Bars(own.Select(pair => (double)pair.Index).ToArray(), own.Select(pair => pair.Item.Pair.Ratio!.Value).ToArray());
            (bars.Horizontal, bars.Color, bars.LegendText) = (true, palette.GetColor(names.IndexOf(name)), name == Ours ? "our own, unprotected" : name);
            foreach (var bar in bars.Bars)
                (bar.Label, bar.CenterLabel) = (bar.Value.ToString("0.00", CultureInfo.InvariantCulture), false);
        }

        var even = plot.Add.VerticalLine(1, 2, Colors.Black);
        even.LinePattern = LinePattern.Dashed;
        plot.Axes.Left.TickGenerator = new NumericManual([.. pairs.Index().Select(pair => new Tick(pair.Index, Name(pair.Item)))]);
        plot.XLabel("ours over the other, times");
        plot.Title("Speed of ours over the other's, in turn in one process (measured; * disturbed)");
        plot.Axes.SetLimitsX(0, 1.1 * pairs.Select(pair => pair.Pair.Ratio!.Value).Append(1).Max());
        plot.ShowLegend(Edge.Bottom);
        return plot.GetImageBytes(Width, Margins + RowHeight * Math.Max(8, pairs.Length), ImageFormat.Png);
    }

    private const string Ours = "Drift";

    private static string Name(ContestResult result)
    {
        var pair = result.Pair;
        return string.Create(CultureInfo.InvariantCulture,
            $"{pair.What} {pair.Type} {result.Label}, {pair.Protection}, {Numerals.Count(pair.Threads, "thread")}{(pair.Disturbed ? "*" : "")}");
    }
}
