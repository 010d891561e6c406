namespace Drift.Dvfs;

/// <summary>What some work costs in the model, line by line. Modelled, never measured.</summary>
/// <param name="Macs">INT8 multiply-accumulates of products.</param>
/// <param name="ChecksumMacs">INT8 multiply-accumulates of expected line sums.</param>
/// <param name="ComputeEnergy">Energy of <paramref name="Macs"/> that are executed for the first time.</param>
/// <param name="CheckEnergy">Energy of <paramref name="ChecksumMacs"/>, and of latches that notice late bits.</param>
/// <param name="Moved">Bytes moved from or to DRAM.</param>
/// <param name="MemoryEnergy">Energy of <paramref name="Moved"/>.</param>
/// <param name="Cycles">Cycles of the array, checks included.</param>
/// <param name="Time">Those cycles at the clocks they ran at, and waits for the regulator. Transfers overlap with compute and add none.</param>
public readonly record struct Cost(
    long Macs, long ChecksumMacs, Joules ComputeEnergy, Joules CheckEnergy, Bytes Moved, Joules MemoryEnergy, long Cycles, Seconds Time)
{
    /// <summary>Energy of products executed again: at their own point, or at the nominal one.</summary>
    public Joules RepeatEnergy { get; init; }

    /// <summary>Energy of adding up observed line sums and comparing them.</summary>
    public Joules LogicEnergy { get; init; }

    /// <summary>Energy of reading operands from SRAM and writing results to it.</summary>
    public Joules SramEnergy { get; init; }

    /// <summary>Leakage of the array over <see cref="Time"/>.</summary>
    public Joules LeakageEnergy { get; init; }

    /// <summary>Energy that the regulator loses in changing the supply.</summary>
    public Joules TransitionEnergy { get; init; }

    /// <summary>Changes of the supply.</summary>
    public long Transitions { get; init; }

    /// <summary><see cref="Moved"/> by what was moved.</summary>
    public TrafficBytes Traffic { get; init; }

    /// <summary>Energy of everything on the array's chip: all but DRAM.</summary>
    public Joules ChipEnergy => ComputeEnergy + CheckEnergy + RepeatEnergy + LogicEnergy + SramEnergy + LeakageEnergy + TransitionEnergy;

    /// <summary>Energy of everything.</summary>
    public Joules Energy => ChipEnergy + MemoryEnergy;

    /// <summary>Energy of what a protection adds: checks, products executed again, checkpoints and restores.</summary>
    public Joules ProtectionEnergy
    {
        get
        {
            var share = Moved.Value == 0 ? 0 : (double)(Traffic.Checkpoints + Traffic.Restores).Value / Moved.Value;
            return CheckEnergy + LogicEnergy + RepeatEnergy + share * MemoryEnergy;
        }
    }

    /// <summary>The lines of the ledger: they add up to <see cref="Energy"/>. A byte costs the same whatever it belongs to, so DRAM's energy divides as its bytes do.</summary>
    public IReadOnlyList<EnergyLine> Lines
    {
        get
        {
            var each = Moved.Value == 0 ? default : new Joules(MemoryEnergy.Value / Moved.Value);
            return
            [
                new EnergyLine("products", ComputeEnergy), new EnergyLine("expected sums", CheckEnergy), new EnergyLine("observed sums", LogicEnergy),
                new EnergyLine("products again", RepeatEnergy), new EnergyLine("sram", SramEnergy), new EnergyLine("leakage", LeakageEnergy),
                new EnergyLine("regulator", TransitionEnergy), .. Traffic.Parts.Select(part => new EnergyLine($"dram {part.Name}", part.Bytes.Value * each)),
            ];
        }
    }

    /// <summary>The cost of two pieces of work, one after the other.</summary>
    /// <param name="a">One.</param>
    /// <param name="b">The other.</param>
    public static Cost operator +(Cost a, Cost b) => new(a.Macs + b.Macs, a.ChecksumMacs + b.ChecksumMacs, a.ComputeEnergy + b.ComputeEnergy,
        a.CheckEnergy + b.CheckEnergy, a.Moved + b.Moved, a.MemoryEnergy + b.MemoryEnergy, a.Cycles + b.Cycles, a.Time + b.Time)
    {
        RepeatEnergy = a.RepeatEnergy + b.RepeatEnergy,
        LogicEnergy = a.LogicEnergy + b.LogicEnergy,
        SramEnergy = a.SramEnergy + b.SramEnergy,
        LeakageEnergy = a.LeakageEnergy + b.LeakageEnergy,
        TransitionEnergy = a.TransitionEnergy + b.TransitionEnergy,
        Transitions = a.Transitions + b.Transitions,
        Traffic = a.Traffic + b.Traffic,
    };

    /// <summary>So many times some work, a fraction of it where only its chance is known; counts are rounded down.</summary>
    /// <param name="times">How many times, at least 0.</param>
    /// <param name="work">The work.</param>
    public static Cost operator *(double times, Cost work) => new((long)(times * work.Macs), (long)(times * work.ChecksumMacs), times * work.ComputeEnergy, times * work.CheckEnergy,
        new Bytes((long)(times * work.Moved.Value)), times * work.MemoryEnergy, (long)(times * work.Cycles), new Seconds(times * work.Time.Value))
    {
        RepeatEnergy = times * work.RepeatEnergy,
        LogicEnergy = times * work.LogicEnergy,
        SramEnergy = times * work.SramEnergy,
        LeakageEnergy = times * work.LeakageEnergy,
        TransitionEnergy = times * work.TransitionEnergy,
        Transitions = (long)(times * work.Transitions),
        Traffic = times * work.Traffic,
    };
}

/// <summary>A line of the ledger.</summary>
/// <param name="Name">What the energy went into.</param>
/// <param name="Energy">How much, at least 0.</param>
public readonly record struct EnergyLine(string Name, Joules Energy);
