namespace Drift.Bench;

/// <summary>How long a bout takes.</summary>
/// <param name="Warmup">How long all forms run in turn before anything counts; a twentieth of it where memory was made anew.</param>
/// <param name="Turn">Least length of a form's turn.</param>
/// <param name="Length">Length of all rounds together.</param>
/// <param name="LeastRounds">Least rounds of a placement, whatever they take; at least 1.</param>
/// <param name="MostRounds">Most rounds of one.</param>
/// <param name="Placements">How often memory is made, at the least; oftener where the most rounds end before the length.</param>
internal sealed record BoutSettings(TimeSpan Warmup, TimeSpan Turn, TimeSpan Length, int LeastRounds, int MostRounds, int Placements)
{
    private const int MostOfDuel = 1000;

    /// <summary>Beside duels: a form takes as long in each placement as both sides of one.</summary>
    /// <param name="duel">The duels' lengths.</param>
    /// <param name="forms">Number of forms.</param>
    public static BoutSettings Of(DuelSettings duel, int forms) =>
        new(10 * duel.Warmup, duel.Round, duel.Placements * forms * duel.Total, duel.LeastTurns, MostOfDuel, duel.Placements);

    /// <summary>To tell a part of a percent: memory is made anew every 25 rounds, for its place alone is worth a percent.</summary>
    /// <param name="length">Length of all rounds together.</param>
    public static BoutSettings Fine(TimeSpan length) => new(length / 20, TimeSpan.FromMilliseconds(1), length, 1, 25, 1);
}

/// <summary>
/// Forms of one kernel, plain and with checks, which differ by a few per cent. A round runs every form once, in random order, and gives each form's time over the plain one's, so that what changes in
/// the machine from second to second meets both. All memory is made anew now and then, in random order too. The plain form stands there a second time: what it differs from itself is what a bout
/// cannot tell.
/// </summary>
/// <param name="settings">How long.</param>
/// <param name="clock">Tells the time.</param>
/// <param name="cancellation">Stops between turns.</param>
internal sealed class Bout(BoutSettings settings, TimeProvider clock, CancellationToken cancellation)
{
    private const int Seed = 1, LaterWarmups = 20, LeastWarmups = 2;

    /// <summary>Runs forms that have nothing in common.</summary>
    /// <param name="forms">Open them; the plain one first.</param>
    /// <param name="agree">Throws where a form, told first, and the plain one differ.</param>
    public BoutTimes Run<TSide>(IReadOnlyList<Func<TSide>> forms, Action<TSide, TSide> agree)
        where TSide : ISide =>
        Run<IDisposable?, TSide>(() => null, [.. forms.Select(open => (Func<IDisposable?, TSide>)(_ => open()))], agree);

    /// <summary>Runs forms that share operands.</summary>
    /// <param name="draw">Makes a placement's operands.</param>
    /// <param name="forms">Open them on operands; the plain one first.</param>
    /// <param name="agree">Throws where a form, told first, and the plain one differ.</param>
    public BoutTimes Run<TOperands, TSide>(Func<TOperands> draw, IReadOnlyList<Func<TOperands, TSide>> forms, Action<TSide, TSide> agree)
        where TOperands : IDisposable?
        where TSide : ISide
    {
        var (random, runs, measured) = (new Random(Seed), (int[])[], TimeSpan.Zero);
        List<IReadOnlyList<IReadOnlyList<double>>> placements = [];
        List<IDisposable> owned = [];
        try
        {
            do
            {
                var before = owned.Count;
                if (draw() is var operands && operands is not null)
                    owned.Add(operands);
                var sides = new TSide[forms.Count];
                foreach (var form in Shuffled(random, forms.Count))
                    owned.Add(sides[form] = forms[form](operands));
                // Only now, so that this placement's memory is not the last one's.
                Free(owned, before);
                foreach (var side in sides[1..])
                    agree(side, sides[0]);
                IReadOnlyList<ISide> all = [.. sides];
                if (runs.Length == 0)
                    runs = Warm(all, settings.Warmup);
                else
                    Warm(all, settings.Warmup / LaterWarmups);
                var until = settings.Length * Math.Min(1, (placements.Count + 1.0) / settings.Placements);
                var (times, took) = Rounds(all, runs, until - measured, random);
                placements.Add(times);
                measured += took;
            }
            while (placements.Count < settings.Placements || measured < settings.Length);
            return new BoutTimes(placements);
        }
        finally
        {
            Free(owned, owned.Count);
        }
    }

    private (IReadOnlyList<IReadOnlyList<double>> Times, TimeSpan Took) Rounds(IReadOnlyList<ISide> sides, int[] runs, TimeSpan length, Random random)
    {
        var (times, start) = (sides.Select(_ => new List<double>()).ToArray(), clock.GetTimestamp());
        for (var round = 0; round < settings.LeastRounds || (clock.GetElapsedTime(start) < length && round < settings.MostRounds); round++)
        {
            foreach (var form in Shuffled(random, sides.Count))
                times[form].Add(Time(sides[form], runs[form]));
        }

        return (times, clock.GetElapsedTime(start));
    }

    /// <summary>Runs all in turn until they are warm.</summary>
    /// <returns>Runs of each that take as long as a turn.</returns>
    private int[] Warm(IReadOnlyList<ISide> sides, TimeSpan length)
    {
        var (rounds, seconds, start) = (0, new double[sides.Count], clock.GetTimestamp());
        do
        {
            for (var form = 0; form < sides.Count; form++)
                seconds[form] += Time(sides[form], 1);
        }
        while (++rounds < LeastWarmups || clock.GetElapsedTime(start) < length);
        return [.. seconds.Select(spent => spent == 0 ? 1 : (int)Math.Max(1, Math.Ceiling(settings.Turn.TotalSeconds * rounds / spent)))];
    }

    /// <summary>Seconds of a run.</summary>
    private double Time(ISide side, int runs)
    {
        cancellation.ThrowIfCancellationRequested();
        // Not timed: it brings back what the form before drove out of the caches.
        side.Repeat(1);
        var start = clock.GetTimestamp();
        side.Repeat(runs);
        return clock.GetElapsedTime(start).TotalSeconds / runs;
    }

    /// <summary>Gives back the oldest, sides before their operands.</summary>
    private static void Free(List<IDisposable> owned, int count)
    {
        for (var i = count - 1; i >= 0; i--)
            owned[i].Dispose();
        owned.RemoveRange(0, count);
    }

    private static int[] Shuffled(Random random, int count)
    {
        var order = Enumerable.Range(0, count).ToArray();
        random.Shuffle(order);
        return order;
    }
}
