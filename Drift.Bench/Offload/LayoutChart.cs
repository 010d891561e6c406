using System.Globalization;
using ScottPlot;
using ScottPlot.TickGenerators;

namespace Drift.Bench;

/// <summary>The figure of <c>drift layout</c>: row activations, a group of bars a memory.</summary>
internal static class LayoutChart
{
    private const int Width = 900, Height = 500;

    /// <summary>The picture.</summary>
    /// <param name="accounts">What is shown.</param>
    public static byte[] ToPng(IReadOnlyList<LayoutAccount> accounts)
    {
        using var plot = new Plot();
        var palette = new ScottPlot.Palettes.Category10();
        var (ticks, labels) = (new List<double>(), new List<string>());
        foreach (var group in accounts.GroupBy(account => (account.Memory, account.Walk)))
        {
            var at = ticks.Count * 3.0;
            foreach (var (account, i) in group.Select((account, i) => (account, i)))
            {
                var bar = plot.Add.Bar(at + i, Math.Log10(1 + account.Activations));
                bar.Color = palette.GetColor(i);
                var number = plot.Add.Text($"{account.Activations}", at + i, Math.Log10(1 + account.Activations) + 0.15);
                number.Alignment = Alignment.MiddleCenter;
                if (ticks.Count == 0)
                    bar.LegendText = account.Layout;
            }

            ticks.Add(at + 0.5);
            labels.Add($"{group.Key.Memory}\nby {group.Key.Walk.ToString().ToLowerInvariant()}");
        }

        plot.Axes.Bottom.TickGenerator = new NumericManual([.. ticks], [.. labels]);
        plot.Axes.Left.TickGenerator = new NumericAutomatic { IntegerTicksOnly = true, LabelFormatter = power => Math.Pow(10, power).ToString("0", CultureInfo.InvariantCulture) };
        plot.Axes.SetLimitsY(0, 4.2);
        plot.YLabel("row activations + 1, logarithmic");
        plot.Title("Saving and restoring a tile of 32 x 32 (modelled)");
        plot.ShowLegend(Alignment.UpperRight);
        return plot.GetImageBytes(Width, Height, ImageFormat.Png);
    }
}
