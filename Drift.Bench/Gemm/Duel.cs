using MathNet.Numerics.Statistics;

namespace Drift.Bench;

/// <summary>How long two sides are timed.</summary>
/// <param name="Warmup">How long each side runs before anything counts; clocks, caches and branch predictors settle.</param>
/// <param name="Round">Least length of a round, which gives one time. Several timer ticks, each of which may stop all cores of a virtual machine for 50 us: a round of one tick's length has one of them or two.</param>
/// <param name="Turn">Length of a side's turn, of one round or several. Short, so that what changes in the machine meets both sides.</param>
/// <param name="Total">Length of all turns together; decides their number.</param>
/// <param name="LeastTurns">Least number of turns of a side, whatever they take.</param>
/// <param name="MostTurns">Most turns of a side.</param>
internal sealed record DuelSettings(TimeSpan Warmup, TimeSpan Round, TimeSpan Turn, TimeSpan Total, int LeastTurns, int MostTurns)
{
    /// <summary>How often a <see cref="Bout"/> makes its operands and memory.</summary>
    public int Placements { get; init; } = 1;

    /// <summary>The same on a device that is handed its work: rounds of 5 ms at least, beside which the wait at their end is small.</summary>
    public DuelSettings Queued() => this with { Round = Milliseconds(5) };

    /// <summary>For a measurement.</summary>
    public static DuelSettings Full { get; } = new(Milliseconds(100), Milliseconds(8), Milliseconds(10), Milliseconds(800), 7, 31) { Placements = 3 };

    /// <summary>For a measurement on a GPU, whose product may take microseconds and waiting for it as long: a round is queued whole and waited for once.</summary>
    public static DuelSettings Gpu { get; } = new(Milliseconds(40), Milliseconds(5), Milliseconds(10), Milliseconds(150), 5, 31);

    /// <summary>For a glance.</summary>
    public static DuelSettings Quick { get; } = new(Milliseconds(20), Milliseconds(1), Milliseconds(4), Milliseconds(60), 3, 7);

    private static TimeSpan Milliseconds(int count) => TimeSpan.FromMilliseconds(count);
}

/// <summary>Median seconds of one run of each side.</summary>
/// <param name="Ours">Ours.</param>
/// <param name="Rival">The rival's; null where there is none.</param>
internal readonly record struct DuelTimes(double Ours, double? Rival);

/// <summary>Times two sides in turn, ABAB..., so that both meet the same machine: what heats, throttles or interrupts it meets both.</summary>
/// <param name="settings">How long.</param>
/// <param name="clock">Tells the time.</param>
/// <param name="pause">Waits before a side's turn until the other's threads have gone to sleep; does nothing where no side has such threads.</param>
internal sealed class Duel(DuelSettings settings, TimeProvider clock, Action pause)
{
    /// <summary>Runs it.</summary>
    /// <param name="ours">One run of ours.</param>
    /// <param name="rival">One run of the rival's, or null for none.</param>
    /// <param name="cancellation">Stops between turns.</param>
    public DuelTimes Run(Action ours, Action? rival, CancellationToken cancellation) => Run(Repeated(ours), rival is null ? null : Repeated(rival), cancellation);

    /// <summary>Runs it, with sides that are told how often to run and return when all is done.</summary>
    /// <param name="ours">Runs of ours.</param>
    /// <param name="rival">Runs of the rival's, or null for none.</param>
    /// <param name="cancellation">Stops between turns.</param>
    public DuelTimes Run(Action<int> ours, Action<int>? rival, CancellationToken cancellation)
    {
        Side[] sides = rival is null ? [new(ours)] : [new(ours), new(rival)];
        foreach (var side in sides)
        {
            pause();
            Warm(side);
        }

        var pair = sides.Sum(side => (side.Rounds * side.Runs + 1) * side.Estimate);
        var turns = (int)Math.Clamp(settings.Total.TotalSeconds / pair, settings.LeastTurns, settings.MostTurns);
        for (var turn = 0; turn < turns; turn++)
        {
            foreach (var side in sides)
            {
                cancellation.ThrowIfCancellationRequested();
                pause();
                // Not timed: it brings back what the other side drove out of the caches and wakes this side's threads.
                side.Run(1);
                for (var round = 0; round < side.Rounds; round++)
                    side.Times.Add(Time(side.Run, side.Runs));
            }
        }

        return new DuelTimes(sides[0].Times.Median(), rival is null ? null : sides[1].Times.Median());
    }

    private void Warm(Side side)
    {
        side.Run(1);
        var start = clock.GetTimestamp();
        var (runs, batch) = (0, 1);
        do
        {
            var since = clock.GetTimestamp();
            side.Run(batch);
            runs += batch;
            // As long as a round, so that the estimate has a round's share of waiting.
            if (clock.GetElapsedTime(since) < settings.Round)
                batch *= 2;
        }
        while (clock.GetElapsedTime(start) < settings.Warmup);
        side.Estimate = clock.GetElapsedTime(start).TotalSeconds / runs;
        side.Runs = (int)Math.Max(1, Math.Ceiling(settings.Round.TotalSeconds / side.Estimate));
        side.Rounds = (int)Math.Max(1, settings.Turn.TotalSeconds / (side.Runs * side.Estimate));
    }

    private static Action<int> Repeated(Action run) => times =>
    {
        for (var i = 0; i < times; i++)
            run();
    };

    private double Time(Action<int> run, int count)
    {
        var start = clock.GetTimestamp();
        run(count);
        return clock.GetElapsedTime(start).TotalSeconds / count;
    }

    private sealed class Side(Action<int> run)
    {
        public Action<int> Run { get; } = run;

        /// <summary>Runs in a round.</summary>
        public int Runs { get; set; }

        /// <summary>Rounds in a turn.</summary>
        public int Rounds { get; set; }

        /// <summary>Seconds of a run, from the warm-up.</summary>
        public double Estimate { get; set; }

        /// <summary>Seconds of a run, one value a round.</summary>
        public List<double> Times { get; } = [];
    }
}
