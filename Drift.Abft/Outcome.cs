namespace Drift.Abft;

/// <summary>What became of a product's flips, by the fault plan. Every flip is in one of the first five counts.</summary>
/// <param name="Exact">Taken back: the accumulator is what it would have been without the flip.</param>
/// <param name="RolledBack">Condemned and left to the recovery.</param>
/// <param name="Left">Errors below the size that counts as large which nothing touched or condemned.</param>
/// <param name="Missed">Large errors which nothing touched or condemned.</param>
/// <param name="WrongValue">Flipped elements that were replaced by another wrong value, off by a large error, and not condemned.</param>
/// <param name="Misplaced">Sound elements that were replaced by a value that is wrong by a large error, and not condemned.</param>
/// <param name="TilesGivenUp">Tiles condemned whole since nothing explained them.</param>
/// <param name="Recomputed">Elements computed again at the nominal point.</param>
public readonly record struct Outcome(long Exact, long RolledBack, long Left, long Missed, long WrongValue, long Misplaced, long TilesGivenUp, long Recomputed)
{
    /// <summary>Flips.</summary>
    public long Flips => Exact + RolledBack + Left + Missed + WrongValue;

    /// <summary>Missed ones whose row or column shows less than a large deviation: other flips on the line cancel them.</summary>
    public long Cancelled { get; init; }

    /// <summary>Missed ones whose row and column both show a large deviation: what judged them let them pass.</summary>
    public long Tolerated { get; init; }

    /// <summary>Missed ones in products without line sums.</summary>
    public long Unseen => Missed - Cancelled - Tolerated;

    /// <summary>Values wrong by a large error that go on unmended.</summary>
    public long Escaped => Missed + WrongValue + Misplaced;

    /// <summary>Outcomes of two products together.</summary>
    /// <param name="a">One.</param>
    /// <param name="b">The other.</param>
    public static Outcome operator +(Outcome a, Outcome b) => new(a.Exact + b.Exact, a.RolledBack + b.RolledBack, a.Left + b.Left, a.Missed + b.Missed,
        a.WrongValue + b.WrongValue, a.Misplaced + b.Misplaced, a.TilesGivenUp + b.TilesGivenUp, a.Recomputed + b.Recomputed)
    {
        Cancelled = a.Cancelled + b.Cancelled,
        Tolerated = a.Tolerated + b.Tolerated,
    };
}
