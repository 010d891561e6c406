using System.Diagnostics;
using MathNet.Numerics.Statistics;

namespace Drift.Bench;

/// <summary>Quartiles of ratios.</summary>
/// <param name="Lower">A quarter lies below.</param>
/// <param name="Median">Half do.</param>
/// <param name="Upper">Three quarters do.</param>
internal readonly record struct Quartiles(double Lower, double Median, double Upper)
{
    /// <summary>Of some values.</summary>
    public static Quartiles Of(IReadOnlyList<double> values) => new(values.LowerQuartile(), values.Median(), values.UpperQuartile());
}

/// <summary>What a bout gave.</summary>
/// <param name="Plain">Median seconds of a run without checks.</param>
/// <param name="Guarded">With checks.</param>
/// <param name="Ratio">A round's time without checks over that with checks.</param>
/// <param name="Control">The same of the form without checks and its double: 1, and as far from it as the machine alone moves a ratio.</param>
/// <param name="Rounds">Rounds.</param>
internal sealed record BoutResult(double Plain, double Guarded, Quartiles Ratio, Quartiles Control, int Rounds);

/// <summary>
/// A kernel of ours with and without checks, which differ by a few per cent: a long warm-up, then rounds in which either form and a double of the plain one run once, in random order and on one of
/// several sets of operands, for where these lie in memory moves a time by more than that. A ratio is one of neighbours in time.
/// </summary>
/// <param name="settings">How long; a bout takes several times that of a duel.</param>
/// <param name="cancellation">Stops between rounds.</param>
internal sealed class Bout(DuelSettings settings, CancellationToken cancellation)
{
    private const int Sets = 3, WarmupFactor = 10, TotalFactor = 4, Seed = 1;

    /// <summary>Runs it.</summary>
    /// <param name="plain">Opens the form without checks.</param>
    /// <param name="guarded">Opens the form with checks.</param>
    public BoutResult Run(Func<IContender> plain, Func<IContender> guarded)
    {
        Func<IContender>[] forms = [plain, plain, guarded];
        List<IContender> opened = [];
        try
        {
            for (var i = 0; i < Sets * forms.Length; i++)
                opened.Add(forms[i % forms.Length]());
            return Run([.. opened], forms.Length);
        }
        finally
        {
            foreach (var one in opened)
                one.Dispose();
        }
    }

    private BoutResult Run(IContender[] sides, int forms)
    {
        var estimate = Warm(sides);
        var runs = (int)Math.Max(1, Math.Ceiling(settings.Round.TotalSeconds / estimate));
        var rounds = (int)Math.Max(settings.LeastTurns, TotalFactor * settings.Total.TotalSeconds / (forms * (runs + 1) * estimate));
        var (times, random, order) = (new double[forms][], new Random(Seed), Enumerable.Range(0, forms).ToArray());
        for (var form = 0; form < forms; form++)
            times[form] = new double[rounds];
        for (var round = 0; round < rounds; round++)
        {
            cancellation.ThrowIfCancellationRequested();
            random.Shuffle(order);
            var set = random.Next(Sets);
            foreach (var form in order)
                times[form][round] = Time(sides[set * forms + form], runs);
        }

        double[] Ratios(int form) => [.. times[0].Zip(times[form], (one, other) => one / other)];
        return new BoutResult(times[0].Median(), times[^1].Median(), Quartiles.Of(Ratios(forms - 1)), Quartiles.Of(Ratios(1)), rounds);
    }

    /// <summary>Seconds of a run, once all have run for a while.</summary>
    private double Warm(IContender[] sides)
    {
        var (start, runs) = (Stopwatch.GetTimestamp(), 0);
        do
        {
            foreach (var side in sides)
                side.Run();
            runs += sides.Length;
        }
        while (Stopwatch.GetElapsedTime(start) < WarmupFactor * settings.Warmup);
        return Math.Max(1e-9, Stopwatch.GetElapsedTime(start).TotalSeconds / runs);
    }

    private static double Time(IContender side, int runs)
    {
        // Not timed: it brings back what the others drove out of the caches.
        side.Run();
        var start = Stopwatch.GetTimestamp();
        for (var run = 0; run < runs; run++)
            side.Run();
        return Stopwatch.GetElapsedTime(start).TotalSeconds / runs;
    }
}
