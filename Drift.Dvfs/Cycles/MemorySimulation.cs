namespace Drift.Dvfs;

/// <summary>What an operand's SRAM and DRAM saw.</summary>
/// <param name="Sram">First and last cycle in which the array used the SRAM.</param>
/// <param name="Dram">First and last cycle in which DRAM was used; before 0 while the array waits for its first operands.</param>
/// <param name="DramWords">Words from or to DRAM.</param>
public sealed record OperandTraffic(CycleSpan Sram, CycleSpan Dram, long DramWords)
{
    /// <summary>Words a cycle between the first and the last use of DRAM.</summary>
    public double DramWordsPerCycle => (double)DramWords / (Dram.Last - Dram.First + 1);
}

/// <summary>A layer with its double-buffered SRAMs, cycle by cycle, in SCALE-Sim 3.0.0's model of them.</summary>
/// <param name="LastCycle">The number of the last cycle, from 0: the tool's total.</param>
/// <param name="StallCycles">Cycles in which the array waited.</param>
/// <param name="Input">The first operand.</param>
/// <param name="Filter">The second operand.</param>
/// <param name="Output">The result.</param>
public sealed record MemorySimulation(long LastCycle, long StallCycles, OperandTraffic Input, OperandTraffic Filter, OperandTraffic Output)
{
    /// <summary>Most rows and most columns of an operand, output pixels among them: each has its address in memory.</summary>
    public const int MostLines = 1 << 26;

    /// <summary>From the first read of DRAM to the last write: the tool's total with prefetch.</summary>
    public long CyclesWithPrefetch => Output.Dram.Last - Math.Min(Input.Dram.First, Filter.Dram.First);

    /// <summary>Simulates a layer.</summary>
    /// <param name="config">The accelerator.</param>
    /// <param name="layer">The layer.</param>
    /// <exception cref="OverflowException">An operand has more than 2^31 - 1 elements, or is fetched ahead by more reads than that, or has more rows or columns than <see cref="MostLines"/>.</exception>
    public static MemorySimulation Of(ArrayConfig config, ArrayLayer layer)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(layer);
        var schedule = new FoldSchedule(config.Array, config.Dataflow, layer.Shape);
        var input = InputBuffer(config, schedule, layer);
        var filter = FilterBuffer(config, schedule, layer);
        // Where bandwidth is CALCulated, the tool writes a row of the array a cycle.
        var output = new WriteBuffer(config.OutputSram.Value, config.Bandwidth?.Output ?? config.Array.Columns);
        var (last, stalls) = Run(schedule, input, filter, output);
        return new MemorySimulation(last, stalls,
            new OperandTraffic(input.Sram, input.Dram, input.Reads),
            new OperandTraffic(filter.Sram, filter.Dram, filter.Reads),
            new OperandTraffic(output.Sram, output.Dram, output.Writes));
    }

    private static (long Last, long Stalls) Run(FoldSchedule schedule, IReadBuffer input, IReadBuffer filter, WriteBuffer output)
    {
        long line = 0, stalls = 0, served = 0, last = 0;
        var foldCycles = schedule.Cycles;
        for (var columnFold = 0; columnFold < schedule.ColumnFolds; columnFold++)
        {
            for (var rowFold = 0; rowFold < schedule.RowFolds; rowFold++)
            {
                var (inputs, filters, outputs) = (schedule.Input(rowFold, columnFold), schedule.Filter(rowFold, columnFold), schedule.Output(rowFold, columnFold));
                for (var cycle = 0; cycle < foldCycles; cycle++)
                {
                    var now = line++ + stalls;
                    var wait = Math.Max(input.Serve(inputs, cycle, now), filter.Serve(filters, cycle, now));
                    var (from, to) = outputs.LanesAt(cycle);
                    served = output.Serve(Math.Max(0, to - from), now);
                    last = Math.Max(last, served);
                    stalls += Math.Max(wait, served - now);
                }
            }
        }

        input.Finish();
        filter.Finish();
        output.Finish(served);
        return (last, stalls);
    }

    private static IReadBuffer InputBuffer(ArrayConfig config, FoldSchedule schedule, ArrayLayer layer)
    {
        var addresses = layer.InputAddresses();
        var byLane = schedule.InputLanesAreRows ? addresses : addresses.Transposed();
        // The lanes of a flowing first operand stand on the array's rows, those of one that stays on its columns.
        var flows = config.Dataflow != Dataflow.InputStationary;
        return config.Bandwidth is { } bandwidth
            ? new PrefetchingReadBuffer(byLane, flows ? config.Array.Rows : config.Array.Columns, flows, config.InputSram.Value, bandwidth.Input)
            : new StallFreeReadBuffer(byLane, layer.InputElements, config.InputSram.Value);
    }

    private static IReadBuffer FilterBuffer(ArrayConfig config, FoldSchedule schedule, ArrayLayer layer)
    {
        var addresses = layer.FilterAddresses();
        var byLane = schedule.FilterLanesAreOutputs ? addresses : addresses.Transposed();
        return config.Bandwidth is { } bandwidth
            ? new PrefetchingReadBuffer(byLane, config.Dataflow == Dataflow.InputStationary ? config.Array.Rows : config.Array.Columns,
                config.Dataflow != Dataflow.WeightStationary, config.FilterSram.Value, bandwidth.Filter)
            : new StallFreeReadBuffer(byLane, (long)layer.Shape.N * layer.Shape.K, config.FilterSram.Value);
    }
}
