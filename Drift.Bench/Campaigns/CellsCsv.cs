using System.Globalization;
using System.Text;
using CsvHelper;
using CsvHelper.Configuration;

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
    public static byte[] Write(CampaignPlan plan, IReadOnlyList<CellState> states)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        using (var csv = new CsvWriter(text, new CsvConfiguration(CultureInfo.InvariantCulture) { NewLine = "\n" }))
        {
            Line(csv, ["cell", .. plan.Axes.Select(axis => axis.Name), "trials", "done", "faults", "missed_large", "mended", .. plan.Metrics.SelectMany(name => new[] { name, $"{name}_low", $"{name}_high", $"{name}_sd" })]);
            for (var cell = 0; cell < states.Count; cell++)
            {
                var state = states[cell];
                Line(csv, [IdOf(cell), .. plan.ValuesOf(cell), Text(state.Count), state.IsDone ? "1" : "0", Text(state.Faults), Text(state.Missed), Text(state.Mended),
                    .. Enumerable.Range(0, plan.Metrics.Count).SelectMany(metric => Numbers(state, metric))]);
            }
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static IEnumerable<string> Numbers(CellState state, int metric)
    {
        var interval = state.Interval(metric);
        return [Text(interval.Mean), Text(interval.Low), Text(interval.High), Text(Math.Sqrt(state.Metrics[metric].Variance))];
    }

    private static void Line(CsvWriter csv, IEnumerable<string> fields)
    {
        foreach (var field in fields)
            csv.WriteField(field);
        csv.NextRecord();
    }

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Text(double value) => double.IsFinite(value) ? value.ToString("R", CultureInfo.InvariantCulture) : "";
}
