using Parquet;
using Parquet.Schema;

namespace Drift.Bench;

/// <summary>trials.parquet: the journal, a row a trial, with the values of its cell's axes beside it, as DuckDB and pandas read it.</summary>
internal static class TrialsParquet
{
    /// <summary>Name of the file in a campaign's folder.</summary>
    public const string FileName = "trials.parquet";

    private const int RowsAGroup = 1 << 16;

    /// <summary>Writes a journal's trials that count.</summary>
    /// <param name="plan">The campaign.</param>
    /// <param name="journal">Its journal.</param>
    /// <param name="target">The file.</param>
    public static void Write(CampaignPlan plan, string journal, string target)
    {
        using var file = new OutputFile("--out", target);
        file.Commit(stream => WriteAsync(plan, journal, stream).GetAwaiter().GetResult());
    }

    private static async Task WriteAsync(CampaignPlan plan, string journal, Stream target)
    {
        var columns = Columns(plan);
        await using var writer = await ParquetWriter.CreateAsync(new ParquetSchema([.. columns.Select(column => column.Field)]), target);
        var states = Enumerable.Range(0, plan.Cells).Select(_ => new CellState(plan)).ToList();
        foreach (var group in Journal<TrialRow>.Records(journal).Where(row => row.Cell < states.Count && states[row.Cell].Take(row)).Chunk(RowsAGroup))
        {
            using var groups = writer.CreateRowGroup();
            foreach (var column in columns)
                await column.Write(groups, group);
            groups.CompleteValidate();
        }
    }

    private static IReadOnlyList<Column> Columns(CampaignPlan plan)
    {
        var values = Enumerable.Range(0, plan.Cells).Select(plan.ValuesOf).ToList();
        return
        [
            Text("plan", row => row.Plan), Text("cell", row => CellsCsv.IdOf(row.Cell)), .. plan.Axes.Select((axis, i) => Text(axis.Name, row => values[row.Cell][i])),
            Of("trial", row => row.Trial), Of("seed", row => (long)row.Seed), Of("fault_seed", row => (long)row.FaultSeed), Of("faults", row => row.Faults), Of("flagged", row => row.Flagged),
            Of("mended", row => row.Mended), Of("missed_large", row => row.Missed), Of("steps", row => row.Steps),
            .. plan.Metrics.Select((name, i) => Of(name, row => row.Metrics[i])), Text("sha", row => row.Digest), Of("milliseconds", row => row.Milliseconds),
        ];
    }

    private static Column Of<T>(string name, Func<TrialRow, T> value)
        where T : struct
    {
        var field = new DataField<T>(name);
        return new Column(field, (group, rows) => group.WriteAsync<T>(field, rows.Select(value).ToArray().AsMemory()));
    }

    private static Column Text(string name, Func<TrialRow, string> value)
    {
        var field = new DataField(name, typeof(string), isNullable: false);
        return new Column(field, (group, rows) => group.WriteAsync(field, (IReadOnlyCollection<string>)[.. rows.Select(value)]));
    }

    private sealed record Column(DataField Field, Func<ParquetRowGroupWriter, IReadOnlyList<TrialRow>, Task> Write);
}
