using MathNet.Numerics.Statistics;

namespace Drift.Bench;

/// <summary>
/// Times several sides round by round: in a round each has its turn, in random order, so that none always comes after the same other one and what changes in the machine meets all. What is compared
/// is a round's own: a side's time over the first one's of the same round.
/// </summary>
/// <param name="settings">How long: a turn is one round's length after a run that is not timed.</param>
/// <param name="clock">Tells the time.</param>
/// <param name="random">Draws the orders.</param>
internal sealed class Rotation(DuelSettings settings, TimeProvider clock, Random random)
{
    /// <summary>Runs it.</summary>
    /// <param name="sides">Runs of each side, told how often; all is done when they return.</param>
    /// <param name="cancellation">Stops between turns.</param>
    /// <returns>Seconds of a run, a side's rounds one after the other.</returns>
    public IReadOnlyList<IReadOnlyList<double>> Run(IReadOnlyList<Action<int>> sides, CancellationToken cancellation)
    {
        var counts = sides.Select(Warm).ToArray();
        var times = sides.Select(_ => new List<double>()).ToArray();
        var order = Enumerable.Range(0, sides.Count).ToArray();
        var start = clock.GetTimestamp();
        for (var round = 0; round < settings.LeastTurns || (clock.GetElapsedTime(start) < settings.Total * sides.Count && round < MostRounds); round++)
        {
            random.Shuffle(order);
            foreach (var side in order)
            {
                cancellation.ThrowIfCancellationRequested();
                // Not timed: it brings back what the other sides drove out of the caches.
                sides[side](1);
                times[side].Add(Time(sides[side], counts[side]));
            }
        }

        return times;
    }

    private const int MostRounds = 1000;

    /// <summary>Runs a side until it is warm.</summary>
    /// <returns>Runs that take as long as a round.</returns>
    private int Warm(Action<int> side)
    {
        side(1);
        var start = clock.GetTimestamp();
        var runs = 0;
        do
            side(1);
        while (++runs < settings.LeastTurns || clock.GetElapsedTime(start) < settings.Warmup);
        var estimate = clock.GetElapsedTime(start).TotalSeconds / runs;
        return estimate == 0 ? 1 : (int)Math.Max(1, Math.Ceiling(settings.Round.TotalSeconds / estimate));
    }

    private double Time(Action<int> side, int count)
    {
        var start = clock.GetTimestamp();
        side(count);
        return clock.GetElapsedTime(start).TotalSeconds / count;
    }
}

/// <summary>A side's speed over another's, from rounds that both were in.</summary>
/// <param name="Ours">Median seconds of one run of ours.</param>
/// <param name="Rival">Median seconds of one of the other side.</param>
/// <param name="Ratio">Median over all rounds of the other's time over ours.</param>
/// <param name="Lower">Its lower quartile.</param>
/// <param name="Upper">Its upper quartile.</param>
/// <param name="Rounds">Rounds.</param>
/// <param name="Placements">The median of each placement's rounds: every one has operands, weights and outputs of its own, elsewhere in memory.</param>
internal sealed record PairedRatio(double Ours, double Rival, double Ratio, double Lower, double Upper, int Rounds, IReadOnlyList<double> Placements)
{
    /// <summary>From the rounds of each placement.</summary>
    /// <param name="placements">Seconds by side and round, a placement each.</param>
    /// <param name="ours">Which side is ours.</param>
    /// <param name="rival">Which one is the other.</param>
    public static PairedRatio Of(IReadOnlyList<IReadOnlyList<IReadOnlyList<double>>> placements, int ours, int rival)
    {
        List<List<double>> ratios = [.. placements.Select(times => times[rival].Zip(times[ours], (theirs, mine) => theirs / mine).ToList())];
        List<double> all = [.. ratios.SelectMany(ratio => ratio)];
        return new PairedRatio(placements.SelectMany(times => times[ours]).Median(), placements.SelectMany(times => times[rival]).Median(), all.Median(), all.LowerQuartile(), all.UpperQuartile(), all.Count,
            [.. ratios.Select(ratio => ratio.Median())]);
    }
}
