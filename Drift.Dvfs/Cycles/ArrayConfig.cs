namespace Drift.Dvfs;

/// <summary>An accelerator as SCALE-Sim's configuration file describes it.</summary>
/// <param name="RunName">The run's name.</param>
/// <param name="Array">The array.</param>
/// <param name="Dataflow">Which operand stays.</param>
/// <param name="InputSram">Words (bytes) of the SRAM of the first operand (IFMAP).</param>
/// <param name="FilterSram">Words of the SRAM of the second operand.</param>
/// <param name="OutputSram">Words of the SRAM of the result (OFMAP).</param>
/// <param name="Bandwidth">Words a cycle to and from DRAM; null where bandwidth is CALCulated, so that nothing ever waits.</param>
public sealed record ArrayConfig(
    string RunName, SystolicArray Array, Dataflow Dataflow, Bytes InputSram, Bytes FilterSram, Bytes OutputSram, PortBandwidth? Bandwidth)
{
    private const int MostKilobytes = 1 << 20, LargestEdge = 1 << 16, Widest = 1 << 20;

    /// <summary>
    /// Reads a .cfg file of SCALE-Sim 3: sections general, architecture_presets, layout and run_presets; what the tool does without effect (offsets, queues) is not read.
    /// Custom layouts, sparsity and Ramulator traces are refused.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidDataException">The file is not like that; the message has file, line and what was expected.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static ArrayConfig Load(string path)
    {
        var file = IniFile.Read(path);
        const string Presets = "architecture_presets", Layout = "layout", Run = "run_presets";
        file.Refuse("sparsity", "SparsitySupport");
        file.Refuse(Layout, "IfmapCustomLayout");
        file.Refuse(Layout, "FilterCustomLayout");
        file.Refuse(Run, "UseRamulatorTrace");
        int Edge(string key) => file.Integer(Presets, key, 1, LargestEdge);
        Bytes Sram(string key) => new(1024L * file.Integer(Presets, key, 1, MostKilobytes));
        // A missing section means ten words a cycle, as in the tool.
        int Port(string operand)
        {
            if (!file.Has(Layout))
                return PortBandwidth.Standard;
            var banks = file.Has(Layout, $"{operand}SRAMBankNum") ? file.Integer(Layout, $"{operand}SRAMBankNum", 1, Widest) : 1;
            var words = file.Integer(Layout, $"{operand}SRAMBankBandwidth", 1, Widest);
            return words % banks == 0 ? words : throw file.Expected(Layout, $"{operand}SRAMBankBandwidth", $"a multiple of {operand}SRAMBankNum, {banks}");
        }

        return new ArrayConfig(
            file.Text("general", "run_name"),
            new SystolicArray(Edge("ArrayHeight"), Edge("ArrayWidth")),
            file.Choice(Presets, "Dataflow", ("os", Dataflow.OutputStationary), ("ws", Dataflow.WeightStationary), ("is", Dataflow.InputStationary)),
            Sram("IfmapSramSzkB"),
            Sram("FilterSramSzkB"),
            Sram("OfmapSramSzkB"),
            file.Choice(Run, "InterfaceBandwidth", ("CALC", false), ("USER", true))
                ? new PortBandwidth(Port("Ifmap"), Port("Filter"), file.Integer(Presets, "Bandwidth", 1, Widest))
                : null);
    }
}

/// <summary>Words a cycle between DRAM and each SRAM.</summary>
/// <param name="Input">To the first operand's; SCALE-Sim takes IfmapSRAMBankBandwidth.</param>
/// <param name="Filter">To the second operand's; SCALE-Sim takes FilterSRAMBankBandwidth.</param>
/// <param name="Output">From the result's; SCALE-Sim takes Bandwidth.</param>
public sealed record PortBandwidth(int Input, int Filter, int Output)
{
    /// <summary>What SCALE-Sim takes for a read port that no file gives.</summary>
    internal const int Standard = 10;
}
