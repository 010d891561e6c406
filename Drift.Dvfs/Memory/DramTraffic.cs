namespace Drift.Dvfs;

/// <summary>What some accesses took. Modelled.</summary>
/// <param name="Activations">Rows opened.</param>
/// <param name="Bursts">Accesses of the bus, each of a whole burst.</param>
/// <param name="RowHits">Accesses that found their row open.</param>
/// <param name="Useful">Bytes that were asked for.</param>
/// <param name="Moved">Bytes that the bus carried.</param>
/// <param name="BanksUsed">Banks that were activated at all, of all channels.</param>
/// <param name="BusiestBank">Activations of the bank with the most.</param>
/// <param name="Time">The busiest bank's activations, or the busiest channel's bursts, whichever takes longer: a bound that no order of the accesses beats.</param>
public readonly record struct DramTraffic(long Activations, long Bursts, long RowHits, long Useful, long Moved, int BanksUsed, long BusiestBank, Seconds Time)
{
    /// <summary>Two lots of traffic, one after the other. Banks are counted as the same ones.</summary>
    /// <param name="a">One.</param>
    /// <param name="b">The other.</param>
    public static DramTraffic operator +(DramTraffic a, DramTraffic b) => new(a.Activations + b.Activations, a.Bursts + b.Bursts, a.RowHits + b.RowHits, a.Useful + b.Useful,
        a.Moved + b.Moved, Math.Max(a.BanksUsed, b.BanksUsed), a.BusiestBank + b.BusiestBank, a.Time + b.Time);
}
