using Drift.Abft;
using Drift.Dvfs;

namespace Drift.Models;

/// <summary>What happened to one picture and what it cost. Counts are facts of the simulated run; costs are the cost model's.</summary>
public sealed record RunLedger
{
    /// <summary>Flips injected.</summary>
    public long FaultsInjected { get; private set; }

    /// <summary>Flagged row and column segments.</summary>
    public long LinesFlagged { get; private set; }

    /// <summary>Elements replaced.</summary>
    public long ElementsMended { get; private set; }

    /// <summary>Faults of at least the threshold that nothing covered.</summary>
    public long MissedLarge { get; private set; }

    /// <summary>Missed faults that no cancellation explains; 0 unless detection is broken.</summary>
    public long MissedUnexplained { get; private set; }

    /// <summary>Flagged lines that no fault touched.</summary>
    public long FalseAlarms { get; private set; }

    /// <summary>Checkpoints found damaged, and treated as absent.</summary>
    public long CheckpointsDamaged { get; private set; }

    /// <summary>What became of the flips, by the fault plan.</summary>
    public Outcome Outcome { get; private set; }

    /// <summary>Compute, checks and checkpoint traffic. Weights are not in it: they are read once a step for a whole batch.</summary>
    public Cost Cost { get; private set; }

    /// <summary>Notes some work.</summary>
    /// <param name="cost">What it cost.</param>
    public void Charge(Cost cost) => Cost += cost;

    /// <summary>Notes damaged checkpoints.</summary>
    /// <param name="count">How many were found.</param>
    public void Lose(int count) => CheckpointsDamaged += count;

    /// <summary>Notes what became of a product's flips.</summary>
    /// <param name="outcome">By the fault plan.</param>
    public void Settle(Outcome outcome)
    {
        FaultsInjected += outcome.Flips;
        MissedLarge += outcome.Escaped;
        Outcome += outcome;
    }

    /// <summary>Notes how a rule's verdict compares with the truth.</summary>
    /// <param name="escapes">What it missed, and why.</param>
    public void Note(EscapeCount escapes)
    {
        MissedUnexplained += escapes.Unexplained;
        FalseAlarms += escapes.FalseAlarms;
    }

    /// <summary>Notes a verdict and what was done about it.</summary>
    /// <param name="flaggedLines">Flagged row and column segments.</param>
    /// <param name="repair">What was mended.</param>
    public void Mended(int flaggedLines, Repair repair)
    {
        LinesFlagged += flaggedLines;
        ElementsMended += repair.Elements;
    }

    /// <summary>Two pictures together.</summary>
    /// <param name="a">One.</param>
    /// <param name="b">The other.</param>
    public static RunLedger operator +(RunLedger a, RunLedger b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        return new RunLedger
        {
            FaultsInjected = a.FaultsInjected + b.FaultsInjected,
            LinesFlagged = a.LinesFlagged + b.LinesFlagged,
            ElementsMended = a.ElementsMended + b.ElementsMended,
            MissedLarge = a.MissedLarge + b.MissedLarge,
            MissedUnexplained = a.MissedUnexplained + b.MissedUnexplained,
            FalseAlarms = a.FalseAlarms + b.FalseAlarms,
            CheckpointsDamaged = a.CheckpointsDamaged + b.CheckpointsDamaged,
            Outcome = a.Outcome + b.Outcome,
            Cost = a.Cost + b.Cost,
        };
    }
}
