namespace Drift.Dvfs;

/// <summary>A layer on an accelerator, in the terms of SCALE-Sim's reports. Modelled.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="Closed">What the closed forms say.</param>
/// <param name="Memory">What its SRAM and DRAM did; null where they were not simulated, which a bandwidth that is CALCulated allows: nothing waits for them then.</param>
/// <param name="TotalCycles">The number of the last cycle, from 0.</param>
/// <param name="OverallPercent">MACs over what the array could do in that time; not finite where the last cycle is number 0, at which the tool itself stops.</param>
public sealed record LayerReport(ArrayLayer Layer, LayerCycles Closed, MemorySimulation? Memory, long TotalCycles, double OverallPercent)
{
    /// <summary>Cycles in which the array waited for a buffer.</summary>
    public long StallCycles => Memory?.StallCycles ?? 0;

    /// <summary>Works out a layer.</summary>
    /// <param name="config">The accelerator.</param>
    /// <param name="layer">The layer.</param>
    /// <param name="order">How one fold follows another; only folds in serial can be simulated with their memory.</param>
    /// <param name="memory">True to simulate SRAM and DRAM, in time that grows with the layer; a bandwidth of the user's always does.</param>
    /// <exception cref="ArgumentException">Overlapped folds are to be simulated with their memory.</exception>
    public static LayerReport Of(ArrayConfig config, ArrayLayer layer, FoldOrder order = FoldOrder.Serial, bool memory = false)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(layer);
        var simulated = memory || config.Bandwidth is not null;
        if (simulated && order != FoldOrder.Serial)
            throw new ArgumentException("SRAM and DRAM are modelled for folds in serial only", nameof(order));
        var closed = LayerCycles.Of(config.Array, config.Dataflow, layer.Shape);
        var simulation = simulated ? MemorySimulation.Of(config, layer) : null;
        var total = simulation?.LastCycle ?? config.Array.Cycles(layer.Shape, config.Dataflow, order) - 1;
        return new LayerReport(layer, closed, simulation, total, 100.0 * layer.Shape.Macs / ((double)total * config.Array.Rows * config.Array.Columns));
    }
}
