using System.Globalization;

namespace Drift.Bench;

/// <summary>cells.csv: a line a cell. A function of the plan and of the cells' trials alone: the same bytes however the trials came about.</summary>
internal static class CellsCsv
{
    /// <summary>Name of the file in a campaign's folder.</summary>
    public const string FileName = "cells.csv";

    /// <summary>How a cell is named.</summary>
    public static string IdOf(int cell) => cell.ToString("'c'00000", CultureInfo.InvariantCulture);

    /// <summary>The cell of a name; null for none.</summary>
    public static int? Parse(string id) => id.StartsWith('c') && int.TryParse(id[1..], NumberStyles.None, CultureInfo.InvariantCulture, out var cell) ? cell : null;

    /// <summary>The file's contents.</summary>
    /// <param name="plan">The campaign.</param>
    /// <param name="states">One a cell.</param>
    public static byte[] Write(CampaignPlan plan, IReadOnlyList<CellState> states) => CsvTable.Write(
        ["cell", .. plan.Axes.Select(axis => axis.Name), "trials", "done", "faults", "missed_large", "mended", .. plan.Metrics.SelectMany(name => new[] { name, $"{name}_low", $"{name}_high", $"{name}_sd" })],
        states.Select((state, cell) => (IEnumerable<string>)[IdOf(cell), .. plan.ValuesOf(cell), CsvTable.Text(state.Count), state.IsDone ? "1" : "0",
            CsvTable.Text(state.Faults), CsvTable.Text(state.Missed), CsvTable.Text(state.Mended), .. Enumerable.Range(0, plan.Metrics.Count).SelectMany(metric => Numbers(state, metric))]));

    private static IEnumerable<string> Numbers(CellState state, int metric)
    {
        var interval = state.Interval(metric);
        return [CsvTable.Text(interval.Mean), CsvTable.Text(interval.Low), CsvTable.Text(interval.High), CsvTable.Text(Math.Sqrt(state.Metrics[metric].Variance))];
    }
}
