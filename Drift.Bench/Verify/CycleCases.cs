using CsvHelper.Configuration.Attributes;
using Drift.Dvfs;

namespace Drift.Bench;

/// <summary>Layers simulated by SCALE-Sim: <c>cases.csv</c> with its configurations and topologies, a case a line.</summary>
internal sealed class CycleCases : ICaseKind
{
    private const string List = "cases.csv", Marker = "total_cycles_incl_prefetch";

    /// <summary>True for a list of this kind; lists of other kinds bear the same name.</summary>
    public static bool Owns(string path) => Path.GetFileName(path) == List && File.ReadLines(path).FirstOrDefault()?.Contains(Marker, StringComparison.Ordinal) == true;

    /// <inheritdoc/>
    public IEnumerable<VerificationCase> In(string folder, string label)
    {
        var list = Path.Combine(folder, List);
        return File.Exists(list) && Owns(list) ? CaseFiles.Csv<CycleRow>(list).Select(row => new CycleCase($"{label}/{row.Name}", list, folder, row)) : [];
    }
}

/// <summary>One layer under one configuration; percentages to 1e-9, all else exact.</summary>
internal sealed class CycleCase(string name, string list, string folder, CycleRow row)
    : VerificationCase(name, list, Path.Combine(folder, row.Config), Path.Combine(folder, row.Topology))
{
    private const double Tolerance = 1e-9;

    private static readonly string[] Dataflows = ["os", "ws", "is"], Modes = ["CALC", "USER"];

    /// <inheritdoc/>
    public override IEnumerable<OutputCheck> Run(VerificationSetting setting)
    {
        var config = ArrayConfig.Load(Files[1]);
        var layer = Topology.Load(Files[2]).FirstOrDefault(layer => layer.Name == row.Layer)
            ?? throw new UserErrorException($"{Files[2]}: expected a layer {row.Layer}");
        var report = LayerReport.Of(config, layer, memory: true);
        var (closed, memory, shape) = (report.Closed, report.Memory!, layer.Shape);
        return
        [
            OutputCheck.Exact<long>("setting", [config.Array.Rows, config.Array.Columns, Array.IndexOf(Dataflows, Dataflow(config.Dataflow)), config.Bandwidth is null ? 0 : 1, shape.M, shape.N, shape.K],
                [row.Rows, row.Columns, Array.IndexOf(Dataflows, row.Dataflow), Array.IndexOf(Modes, row.Mode), row.M, row.N, row.K]),
            OutputCheck.Exact<long>("cycles", [memory.CyclesWithPrefetch, report.TotalCycles, report.StallCycles, closed.FormulaCycles, closed.FormulaCycles - report.TotalCycles + report.StallCycles],
                [row.CyclesWithPrefetch, row.TotalCycles, row.StallCycles, row.FormulaCycles, row.Rest]),
            OutputCheck.Relative("overall_util_pct", report.OverallPercent, row.OverallPercent, Tolerance),
            OutputCheck.Relative("mapping_efficiency_pct", closed.MappingPercent, row.MappingPercent, Tolerance),
            OutputCheck.Relative("compute_util_pct", closed.ComputePercent, row.ComputePercent, Tolerance),
            OutputCheck.Exact<long>("sram", [closed.InputReads, closed.FilterReads, closed.OutputWrites], [row.InputSram, row.FilterSram, row.OutputSram]),
            OutputCheck.Exact<long>("dram", [memory.Input.DramWords, memory.Filter.DramWords, memory.Output.DramWords], [row.InputDram, row.FilterDram, row.OutputDram]),
        ];
    }

    private static string Dataflow(Dataflow dataflow) => dataflow switch
    {
        Dvfs.Dataflow.OutputStationary => Dataflows[0],
        Dvfs.Dataflow.WeightStationary => Dataflows[1],
        _ => Dataflows[2],
    };
}

/// <summary>A line of the list.</summary>
internal sealed class CycleRow
{
    [Name("case")] public string Name { get; init; } = "";

    [Name("config")] public string Config { get; init; } = "";

    [Name("topology")] public string Topology { get; init; } = "";

    [Name("layer")] public string Layer { get; init; } = "";

    [Name("dataflow")] public string Dataflow { get; init; } = "";

    [Name("mode")] public string Mode { get; init; } = "";

    [Name("rows")] public long Rows { get; init; }

    [Name("cols")] public long Columns { get; init; }

    [Name("m")] public long M { get; init; }

    [Name("n")] public long N { get; init; }

    [Name("k")] public long K { get; init; }

    [Name("total_cycles_incl_prefetch")] public long CyclesWithPrefetch { get; init; }

    [Name("total_cycles")] public long TotalCycles { get; init; }

    [Name("stall_cycles")] public long StallCycles { get; init; }

    [Name("overall_util_pct")] public double OverallPercent { get; init; }

    [Name("mapping_efficiency_pct")] public double MappingPercent { get; init; }

    [Name("compute_util_pct")] public double ComputePercent { get; init; }

    [Name("ifmap_sram_reads")] public long InputSram { get; init; }

    [Name("filter_sram_reads")] public long FilterSram { get; init; }

    [Name("ofmap_sram_writes")] public long OutputSram { get; init; }

    [Name("ifmap_dram_reads")] public long InputDram { get; init; }

    [Name("filter_dram_reads")] public long FilterDram { get; init; }

    [Name("ofmap_dram_writes")] public long OutputDram { get; init; }

    [Name("formula_cycles")] public long FormulaCycles { get; init; }

    /// <summary>Formula - total + stall, whatever the column's name says (README of the fixtures).</summary>
    [Name("formula_minus_total_minus_stall")] public long Rest { get; init; }
}
