using System.Globalization;
using System.Text;
using Drift.Dvfs;
using Spectre.Console;

namespace Drift.Bench;

/// <summary>SCALE-Sim's three reports, column by column: COMPUTE_REPORT.csv, and where memory was simulated BANDWIDTH_REPORT.csv and DETAILED_ACCESS_REPORT.csv.</summary>
internal static class CycleReports
{
    /// <summary>Layers that the table on the console holds.</summary>
    private const int MostRows = 100;

    private static readonly (string Name, Func<LayerReport, object?> Value)[] Compute =
    [
        ("Total Cycles (incl. prefetch)", report => report.Memory?.CyclesWithPrefetch),
        ("Total Cycles", report => report.TotalCycles),
        ("Stall Cycles", report => report.StallCycles),
        ("Overall Util %", report => report.OverallPercent),
        ("Mapping Efficiency %", report => report.Closed.MappingPercent),
        ("Compute Util %", report => report.Closed.ComputePercent),
    ];

    private static readonly (string Name, Func<LayerReport, object?> Value)[] Bandwidth =
    [
        ("Avg IFMAP SRAM BW", report => (double)report.Closed.InputReads / report.TotalCycles),
        ("Avg FILTER SRAM BW", report => (double)report.Closed.FilterReads / report.TotalCycles),
        ("Avg OFMAP SRAM BW", report => (double)report.Closed.OutputWrites / report.TotalCycles),
        ("Avg IFMAP DRAM BW", report => report.Memory!.Input.DramWordsPerCycle),
        ("Avg FILTER DRAM BW", report => report.Memory!.Filter.DramWordsPerCycle),
        ("Avg OFMAP DRAM BW", report => report.Memory!.Output.DramWordsPerCycle),
    ];

    private static readonly (string Name, Func<LayerReport, object?> Value)[] Access =
    [
        .. Sram("IFMAP", "Reads", report => report.Memory!.Input, report => report.Closed.InputReads),
        .. Sram("Filter", "Reads", report => report.Memory!.Filter, report => report.Closed.FilterReads),
        .. Sram("OFMAP", "Writes", report => report.Memory!.Output, report => report.Closed.OutputWrites),
        .. Dram("IFMAP", "Reads", report => report.Memory!.Input),
        .. Dram("Filter", "Reads", report => report.Memory!.Filter),
        .. Dram("OFMAP", "Writes", report => report.Memory!.Output),
    ];

    /// <summary>The reports as files; a value that was not simulated, or that is a share of no cycles, is empty.</summary>
    public static IEnumerable<(string Name, byte[] Text)> Files(IReadOnlyList<LayerReport> reports)
    {
        yield return ("COMPUTE_REPORT.csv", Text(Compute, reports));
        if (reports[0].Memory is null)
            yield break;
        yield return ("BANDWIDTH_REPORT.csv", Text(Bandwidth, reports));
        yield return ("DETAILED_ACCESS_REPORT.csv", Text(Access, reports));
    }

    /// <summary>Prints the compute report and its sum.</summary>
    public static void Print(TextWriter output, ArrayConfig config, FoldOrder order, IReadOnlyList<LayerReport> reports, double seconds)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumn("layer");
        foreach (var (name, _) in Compute)
            table.AddColumn(new TableColumn(Markup.Escape($"{name}\nmodelled")).RightAligned());
        foreach (var report in reports.Take(MostRows))
            table.AddRow([Markup.Escape(report.Layer.Name), .. Compute.Select(column => Short(column.Value(report)))]);
        ReportConsole.On(output).WriteWhole(table);
        if (reports.Count > MostRows)
            output.WriteLine($"... and {reports.Count - MostRows} layers more; --out writes all of them.");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{config.Array.Rows} x {config.Array.Columns}, {Name(config.Dataflow)}, folds {(order == FoldOrder.Serial ? "in serial, as in SCALE-Sim 3.0.0" : "OVERLAPPED, which SCALE-Sim does not model")}."));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{Numerals.Count(reports.Count, "layer")}, {reports.Sum(report => report.TotalCycles)} cycles, {reports.Sum(report => report.StallCycles)} of them stalled; worked out in {seconds:F3} s."));
    }

    private static byte[] Text((string Name, Func<LayerReport, object?> Value)[] columns, IReadOnlyList<LayerReport> reports)
    {
        var text = new StringBuilder().Append("LayerID, ").AppendJoin(", ", columns.Select(column => column.Name)).Append(",\n");
        for (var i = 0; i < reports.Count; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"{i}, ");
            text.AppendJoin(", ", columns.Select(column => Convert.ToString(Known(column.Value(reports[i])), CultureInfo.InvariantCulture))).Append(",\n");
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static (string Name, Func<LayerReport, object?> Value)[] Sram(string operand, string kind, Func<LayerReport, OperandTraffic> traffic, Func<LayerReport, long> count) =>
    [
        ($"SRAM {operand} Start Cycle", report => traffic(report).Sram.First),
        ($"SRAM {operand} Stop Cycle", report => traffic(report).Sram.Last),
        ($"SRAM {operand} {kind}", report => count(report)),
    ];

    private static (string Name, Func<LayerReport, object?> Value)[] Dram(string operand, string kind, Func<LayerReport, OperandTraffic> traffic) =>
    [
        ($"DRAM {operand} Start Cycle", report => traffic(report).Dram.First),
        ($"DRAM {operand} Stop Cycle", report => traffic(report).Dram.Last),
        ($"DRAM {operand} {kind}", report => traffic(report).DramWords),
    ];

    private static string Name(Dataflow dataflow) => dataflow switch
    {
        Dataflow.OutputStationary => "output-stationary",
        Dataflow.WeightStationary => "weight-stationary",
        _ => "input-stationary",
    };

    private static object? Known(object? value) => value is double number && !double.IsFinite(number) ? null : value;

    private static string Short(object? value) => Known(value) switch
    {
        null => "-",
        double number => number.ToString("F2", CultureInfo.InvariantCulture),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };
}
