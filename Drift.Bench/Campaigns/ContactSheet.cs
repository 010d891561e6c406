using System.Globalization;
using Drift.Models;

namespace Drift.Bench;

/// <summary>Pictures at the knee: where, along the cells from best to worst, the first metric turns down, with the cells around it. Drawn again from the seeds.</summary>
internal static class ContactSheet
{
    private const int Around = 2, Trials = 8, Scale = 2;

    /// <summary>Draws it.</summary>
    /// <param name="lab">The campaign's.</param>
    /// <param name="states">One a cell.</param>
    /// <param name="cancellation">Stops between steps.</param>
    public static Picture Draw(CampaignLab lab, IReadOnlyList<CellState> states, CancellationToken cancellation)
    {
        var sign = Metric.Named(lab.Plan.Metrics[0]).MoreIsBetter ? -1 : 1;
        var order = Enumerable.Range(0, states.Count).Where(cell => states[cell].Count > 0).OrderBy(cell => sign * states[cell].Metrics[0].Mean).ThenBy(cell => cell).ToList();
        var knee = Knee([.. order.Select(cell => states[cell].Metrics[0].Mean)]);
        var shown = Enumerable.Range(knee - Around, 2 * Around + 1).Where(place => place >= 0 && place < order.Count).Select(place => order[place]).ToList();
        var trials = Math.Min(Trials, shown.Min(cell => states[cell].Count));
        var worker = new TrialWorker(lab);
        List<PictureRow> rows = [new("clean", [.. Enumerable.Range(0, trials).Select(trial => Picture.From(lab.Clean(shown[0], trial, worker, cancellation).Image))])];
        foreach (var cell in shown)
        {
            var label = string.Join('\n', (string[])[CellsCsv.IdOf(cell), .. lab.Plan.Axes.Zip(lab.Plan.ValuesOf(cell), (axis, value) => $"{axis.Name} {value}"),
                $"{lab.Plan.Metrics[0]} {states[cell].Metrics[0].Mean.ToString("0.0", CultureInfo.InvariantCulture)}"]);
            rows.Add(new PictureRow(label, [.. Enumerable.Range(0, trials).Select(trial => Picture.From(lab.Run(cell, trial, worker, cancellation).Image))]));
        }

        return PictureGrid.Draw([.. Enumerable.Range(0, trials).Select(trial => $"trial {trial}")], rows, Scale);
    }

    /// <summary>The place farthest from the straight line between the ends (V. Satopaa et al., "Finding a kneedle in a haystack", ICDCS workshops 2011).</summary>
    public static int Knee(IReadOnlyList<double> values)
    {
        if (values.Count < 3)
            return 0;
        return Enumerable.Range(0, values.Count).MaxBy(i => Math.Abs(values[i] - (values[0] + (values[^1] - values[0]) * i / (values.Count - 1))));
    }
}
