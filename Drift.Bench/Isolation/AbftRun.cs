using System.Diagnostics;

namespace Drift.Bench;

/// <summary>The checks of products in isolation: <c>drift abft</c>.</summary>
internal static class AbftRun
{
    /// <summary>Runs all trials and times a product with and without checks.</summary>
    /// <param name="options">All settings.</param>
    /// <param name="cancellation">Stops between batches.</param>
    public static AbftReport Run(AbftOptions options, CancellationToken cancellation)
    {
        var total = new AbftTally();
        var batches = (int)((options.Trials + ITrialBench.Batch - 1) / ITrialBench.Batch);
        var clock = Stopwatch.StartNew();
        Parallel.For(0, batches, new ParallelOptions { MaxDegreeOfParallelism = options.Threads, CancellationToken = cancellation }, () => (Bench: Open(options), Tally: new AbftTally()),
            (batch, _, own) =>
            {
                own.Bench.Run(batch, (int)Math.Min(ITrialBench.Batch, options.Trials - batch * (long)ITrialBench.Batch), own.Tally);
                return own;
            },
            own =>
            {
                own.Bench.Dispose();
                lock (total)
                    total.Add(own.Tally);
            });
        var seconds = clock.Elapsed.TotalSeconds;
        return AbftReport.Of(options, total, seconds, Overhead(options, cancellation));
    }

    private static DuelTimes Overhead(AbftOptions options, CancellationToken cancellation)
    {
        using var bench = Open(options);
        bench.Run(0, 1, new AbftTally());
        return new Duel(DuelSettings.Quick, TimeProvider.System, () => { }).Run(bench.RunGuarded, bench.RunPlain, cancellation);
    }

    private static ITrialBench Open(AbftOptions options) => options.Type == AbftNames.Int8 ? new Int8Trials(options) : new FloatTrials(options);
}
