using Drift.Models;
using Parquet;
using Parquet.Schema;

namespace Drift.Bench;

/// <summary>trace.csv and trace.parquet: a row a charge, in the ledger's order, so that sums in that order are the ledger's to the last bit.</summary>
internal static class TraceFiles
{
    /// <summary>UTF-8 text.</summary>
    public static byte[] ToCsv(RunTrace trace) =>
        CsvTable.Write(TraceColumn.All.Select(column => column.Field.Name), trace.Rows.Select(row => TraceColumn.All.Select(column => column.TextOf(row))));

    /// <summary>One row group.</summary>
    public static async Task<byte[]> ToParquet(RunTrace trace)
    {
        using var bytes = new MemoryStream();
        await using (var writer = await ParquetWriter.CreateAsync(new ParquetSchema(TraceColumn.All.Select(column => column.Field)), bytes))
        {
            using var group = writer.CreateRowGroup();
            foreach (var column in TraceColumn.All)
                await column.Write(group, trace.Rows);
        }

        return bytes.ToArray();
    }
}
