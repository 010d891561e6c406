using Drift.Kernels;
using MathNet.Numerics.Statistics;

namespace Drift.Bench;

/// <summary>A form of our kernel beside its unprotected one.</summary>
/// <param name="What">What was timed.</param>
/// <param name="Type">int8, fp32 or bf16.</param>
/// <param name="Label">The shape's name.</param>
/// <param name="Shape">M, N and K.</param>
/// <param name="Threads">Threads of either.</param>
/// <param name="Protection">The form; the unprotected one stands there a second time, as a control.</param>
/// <param name="Speed">Median speed of the form.</param>
/// <param name="Unit">Its unit.</param>
/// <param name="Percent">Time over the unprotected one's of the same round, less 1, in percent: the median of all rounds.</param>
/// <param name="Lower">Its lower quartile.</param>
/// <param name="Upper">Its upper quartile.</param>
/// <param name="Rounds">Rounds.</param>
/// <param name="Taken">Processors that other processes took from the measured threads, mean of the whole contest.</param>
internal sealed record OverheadResult(string What, string Type, string Label, GemmShape Shape, int Threads, string Protection, double Speed, string Unit, double Percent, double Lower, double Upper,
    int Rounds, double Taken);

/// <summary>
/// What protection costs, told to a part of a percent: a round runs every form of a kernel once, in random order, and gives each form's time over the unprotected one's, so that what changes from
/// second to second meets both. All memory is made anew now and then, for its place alone is worth a percent. The unprotected form runs twice: what it differs from itself is what a run cannot tell.
/// </summary>
/// <param name="length">How long a contest is timed.</param>
/// <param name="clock">Tells the time.</param>
/// <param name="cancellation">Stops between rounds.</param>
internal sealed class OverheadBench(TimeSpan length, TimeProvider clock, CancellationToken cancellation)
{
    // Rounds between two openings of the forms; rounds that warm them up, the first time and later.
    private const int RoundsOfMemory = 25, FirstWarmup = 20, Warmup = 2, Seed = 1;

    // A form is run as often as takes a millisecond at the least.
    private static readonly TimeSpan LeastTime = TimeSpan.FromMilliseconds(1);

    /// <summary>Times the forms of a contest; empty where there is one only.</summary>
    /// <param name="contest">What.</param>
    /// <param name="threads">Threads of each form.</param>
    /// <exception cref="DisagreementException">Two forms differ.</exception>
    public IReadOnlyList<OverheadResult> Run(Contest contest, int threads)
    {
        if (contest.Ours.Count < 2)
            return [];
        (string Protection, Func<int, IContender> Open)[] forms = [contest.Ours[0], (contest.Ours[0].Protection + ", again", contest.Ours[0].Open), .. contest.Ours.Skip(1)];
        var (random, neighbours, start) = (new Random(Seed), new Neighbours(), clock.GetTimestamp());
        var (times, runs) = (forms.Select(_ => new List<double>()).ToArray(), 0);
        do
        {
            var sides = new IContender?[forms.Length];
            try
            {
                foreach (var form in Shuffled(random, forms.Length))
                    sides[form] = forms[form].Open(threads);
                if (runs == 0)
                {
                    foreach (var side in sides[1..])
                        ContestBench.Require($"{contest.What} {contest.Type} {contest.Label}", side!, sides[0]!, contest.Tolerance);
                    Repeat(sides, FirstWarmup);
                    var once = clock.GetTimestamp();
                    sides[0]!.Run();
                    runs = (int)Math.Max(1, Math.Ceiling(LeastTime / TimeSpan.FromTicks(Math.Max(1, clock.GetElapsedTime(once).Ticks))));
                    start = clock.GetTimestamp();
                }

                Repeat(sides, Warmup);
                for (var round = 0; round < RoundsOfMemory && (times[0].Count == 0 || clock.GetElapsedTime(start) < length); round++)
                {
                    cancellation.ThrowIfCancellationRequested();
                    foreach (var form in Shuffled(random, forms.Length))
                        times[form].Add(Time(sides[form]!, runs));
                }
            }
            finally
            {
                foreach (var side in sides)
                    side?.Dispose();
            }
        }
        while (clock.GetElapsedTime(start) < length);

        var taken = Math.Max(0, neighbours.Processors() + threads - Environment.ProcessorCount ?? 0);
        return [.. forms.Select((form, at) => Of(contest, threads, form.Protection, times[at], times[0], taken)).Skip(1)];
    }

    private static OverheadResult Of(Contest contest, int threads, string protection, List<double> times, List<double> plain, double taken)
    {
        double[] percent = [.. times.Zip(plain, (own, other) => 100 * (own / other - 1))];
        return new OverheadResult(contest.What, contest.Type, contest.Label, contest.Shape, threads, protection, 1e-9 * contest.Operations / times.Median(), contest.Unit, percent.Median(),
            percent.LowerQuartile(), percent.UpperQuartile(), percent.Length, taken);
    }

    private static void Repeat(IContender?[] sides, int count)
    {
        for (var i = 0; i < count; i++)
        {
            foreach (var side in sides)
                side!.Run();
        }
    }

    private static int[] Shuffled(Random random, int count)
    {
        var order = Enumerable.Range(0, count).ToArray();
        random.Shuffle(order);
        return order;
    }

    /// <summary>Seconds of a run. The first is not timed: it brings back what the form before drove out of the caches.</summary>
    private double Time(IContender side, int runs)
    {
        side.Run();
        var start = clock.GetTimestamp();
        for (var i = 0; i < runs; i++)
            side.Run();
        return clock.GetElapsedTime(start).TotalSeconds / runs;
    }
}
