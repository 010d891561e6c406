namespace Drift.Dvfs;

/// <summary>What some work costs in the model. Modelled, never measured.</summary>
/// <param name="Macs">INT8 multiply-accumulates of products.</param>
/// <param name="ChecksumMacs">INT8 multiply-accumulates of expected line sums.</param>
/// <param name="ComputeEnergy">Energy of <paramref name="Macs"/>.</param>
/// <param name="CheckEnergy">Energy of <paramref name="ChecksumMacs"/>.</param>
/// <param name="Moved">Bytes moved from or to DRAM.</param>
/// <param name="MemoryEnergy">Energy of <paramref name="Moved"/>.</param>
/// <param name="Cycles">Cycles of the array, checks included.</param>
/// <param name="Time">Those cycles at the clocks they ran at. Transfers overlap with compute and add none.</param>
public readonly record struct Cost(
    long Macs, long ChecksumMacs, Joules ComputeEnergy, Joules CheckEnergy, Bytes Moved, Joules MemoryEnergy, long Cycles, Seconds Time)
{
    /// <summary>Energy of everything.</summary>
    public Joules Energy => ComputeEnergy + CheckEnergy + MemoryEnergy;

    /// <summary>The cost of two pieces of work, one after the other.</summary>
    /// <param name="a">One.</param>
    /// <param name="b">The other.</param>
    public static Cost operator +(Cost a, Cost b) => new(a.Macs + b.Macs, a.ChecksumMacs + b.ChecksumMacs, a.ComputeEnergy + b.ComputeEnergy,
        a.CheckEnergy + b.CheckEnergy, a.Moved + b.Moved, a.MemoryEnergy + b.MemoryEnergy, a.Cycles + b.Cycles, a.Time + b.Time);
}
