using System.Globalization;
using Drift.Models;
using Spectre.Console;

namespace Drift.Bench;

/// <summary>The tables of <c>drift model</c>.</summary>
internal static class ModelTable
{
    /// <summary>Prints them.</summary>
    /// <param name="output">Standard output.</param>
    /// <param name="folder">The network.</param>
    /// <param name="rows">Its products.</param>
    /// <param name="all">A line for every block.</param>
    public static void Print(TextWriter output, DenoiserFolder folder, IReadOnlyList<ModelRow> rows, bool all)
    {
        var console = ReportConsole.On(output);
        var (channels, height, width) = folder.Denoiser.LatentShape;
        console.WriteLine(FormattableString.Invariant($"{folder.ClassName} in {folder.Path}: one forward pass of one sample, latent {channels} x {height} x {width}{Text(folder)}"));
        console.WriteWhole(Products(rows, all));
        console.WriteWhole(Totals(rows));
        var macs = rows.Sum(row => row.Macs);
        console.WriteLine(FormattableString.Invariant($"A step: {macs:0.###e0} MACs a sample, {2 * macs:0.###e0} a picture under guidance, which draws two samples; {Bytes(rows)} MB of weights in INT8."));
        console.WriteLine("MACs and bytes are counted from the products that this network asks for. The sensitivity is quoted from the paper, which studied DiT; guarded products run in INT8 past the safe point.");
    }

    private static Table Products(IReadOnlyList<ModelRow> rows, bool all)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns("block", "product");
        foreach (var title in new[] { "M x N x K", "times", "MACs each block", "weight bytes (INT8)" })
            table.AddColumn(new TableColumn(title).RightAligned());
        table.AddColumns("sensitivity (quoted)", "guarded");
        foreach (var (row, last) in all ? rows.Select(row => (row, row.Block)) : Collapsed(rows))
        {
            table.AddRow(row.Block == last ? $"{row.Block}" : $"{row.Block}..{last}", row.Index is null or 0 ? row.Kind : $"{row.Kind} {row.Index}", $"{row.M} x {row.N} x {row.K}",
                $"{row.Count}", Number(row.Macs), row.WeightBytes == 0 ? "-" : Number(row.WeightBytes), Name(row.Sensitivity), row.Guarded ? "yes" : "no");
        }

        return table;
    }

    /// <summary>Blocks that do the same as the one before them share its rows.</summary>
    private static IEnumerable<(ModelRow Row, int LastBlock)> Collapsed(IReadOnlyList<ModelRow> rows)
    {
        // What stands outside the blocks calls itself block 0; it ends a stretch of rows of its own.
        var stretches = new List<List<ModelRow>>();
        foreach (var row in rows)
        {
            if (stretches.Count == 0 || stretches[^1][^1].Block != row.Block)
                stretches.Add([]);
            stretches[^1].Add(row);
        }

        for (var first = 0; first < stretches.Count;)
        {
            var next = first + 1;
            while (next < stretches.Count && stretches[next].Count == stretches[first].Count && stretches[next].Zip(stretches[first]).All(pair => pair.First.IsLike(pair.Second)))
                next++;
            foreach (var row in stretches[first])
                yield return (row, stretches[next - 1][0].Block);
            first = next;
        }
    }

    private static Table Totals(IReadOnlyList<ModelRow> rows)
    {
        var total = (double)rows.Sum(row => row.Macs);
        var table = new Table().Border(TableBorder.Rounded).AddColumn("kind");
        foreach (var title in new[] { "products", "MACs", "share %", "weight bytes (INT8)" })
            table.AddColumn(new TableColumn(title).RightAligned());
        foreach (var kind in rows.GroupBy(row => row.Kind).OrderByDescending(kind => kind.Sum(row => row.Macs)).ThenBy(kind => kind.Key, StringComparer.Ordinal))
            table.AddRow([kind.Key, .. Cells(kind)]);
        table.AddRow(["guarded", .. Cells(rows.Where(row => row.Guarded))]);
        return table.AddRow(["all", .. Cells(rows)]);

        string[] Cells(IEnumerable<ModelRow> some) =>
        [
            Number(some.Sum(row => (long)row.Count)), Number(some.Sum(row => row.Macs)),
            (100 * some.Sum(row => row.Macs) / total).ToString("F1", CultureInfo.InvariantCulture), Number(some.Sum(row => row.WeightBytes)),
        ];
    }

    private static string Text(DenoiserFolder folder) => folder.Conditioning.Text is { } text ? $", a text of {text.Shape[1]} tokens" : "";

    private static string Bytes(IReadOnlyList<ModelRow> rows) => (rows.Sum(row => row.WeightBytes) / 1e6).ToString("F1", CultureInfo.InvariantCulture);

    private static string Name(Sensitivity sensitivity) => sensitivity switch
    {
        Sensitivity.Embedding => "sensitive: embedding",
        Sensitivity.FirstBlock => "sensitive: first block",
        Sensitivity.Resilient => "resilient",
        _ => "not studied",
    };

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
