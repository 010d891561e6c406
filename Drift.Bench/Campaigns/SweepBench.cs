using System.Diagnostics;
using Drift.Kernels;

namespace Drift.Bench;

/// <summary>What <c>drift bench sweep</c> measures.</summary>
/// <param name="Plan">The campaign that every turn runs from its beginning; of more than one thread, with as many times its trials.</param>
/// <param name="Model">Its model.</param>
/// <param name="Backend">Name of the GEMM backend.</param>
/// <param name="Threads">Threads of the campaign, and of the controls beside it; at least 2.</param>
/// <param name="Rounds">Rounds of one turn a side, at least 1.</param>
internal sealed record SweepBenchOptions(CampaignPlan Plan, ModelFolder Model, string Backend, int Threads, int Rounds);

/// <summary>
/// Times whole campaigns in one process, in turn: on one thread; on N threads that share a lab, as <c>drift sweep</c> has them; and, as controls, N campaigns of one thread each that share only
/// the process, and products in registers, which do not even share its memory. Each turn runs the code of a campaign, its clean runs, journal and progress included.
/// </summary>
internal sealed class SweepBench : IDisposable
{
    private static readonly TimeSpan PeakTime = TimeSpan.FromSeconds(0.3);
    private readonly SweepBenchOptions _options;
    private readonly string _folder = Directory.CreateTempSubdirectory("drift-bench-sweep-").FullName;
    private readonly List<CampaignLab> _labs = [];
    private readonly PeakLoop? _peak = PeakLoop.TryOpen("int8", out _);
    private List<TrialRow>? _first;
    private int _journals, _drawn;

    private int Trials => _options.Plan.Stopping.Ceiling;

    /// <summary>Opens the labs.</summary>
    /// <param name="options">What is measured.</param>
    public SweepBench(SweepBenchOptions options)
    {
        _options = options;
        try
        {
            for (var i = 0; i < options.Threads; i++)
                _labs.Add(new CampaignLab(options.Plan, options.Model, CampaignModel.Open(options.Plan, options.Model), options.Backend));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Measures it.</summary>
    /// <param name="session">Tells whether somebody watches.</param>
    /// <returns>A turn a side and round.</returns>
    /// <exception cref="DisagreementException">A side drew another picture than the first.</exception>
    public IReadOnlyList<SweepTurn> Run(Session session)
    {
        var (sides, turns) = (Sides(session.Cancellation), new List<SweepTurn>());
        RunProgress.Show(["sweep"], _options.Rounds + 1, session, moved =>
        {
            for (var round = 0; round <= _options.Rounds; round++)
            {
                // To and fro, so that what changes evenly meets all sides. The first round only warms up: behind it the JIT has made of everything what it makes.
                foreach (var side in round % 2 == 0 ? sides : sides.AsEnumerable().Reverse())
                {
                    session.Cancellation.ThrowIfCancellationRequested();
                    var turn = Time(side.Side, side.Threads, round, side.Turn);
                    if (round > 0)
                        turns.Add(turn);
                }

                moved(0, 1);
            }
        });
        return turns;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var lab in _labs)
            lab.Dispose();
        _peak?.Dispose();
        Directory.Delete(_folder, true);
    }

    private List<(SweepSide Side, int Threads, Func<double> Turn)> Sides(CancellationToken cancellation)
    {
        List<(SweepSide, int, Func<double>)> sides =
        [
            (SweepSide.Alone, 1, () => Campaign(_labs[0], 1, cancellation)),
            (SweepSide.Together, _options.Threads, () => Campaign(_labs[0], _options.Threads, cancellation)),
            (SweepSide.Apart, _options.Threads, () => Apart(cancellation)),
        ];
        if (_peak is not null)
            sides.AddRange([(SweepSide.PeakAlone, 1, () => Peak(_peak)), (SweepSide.PeakApart, _options.Threads, () => AtOnce(_ => Peak(_peak)))]);
        return sides;
    }

    private SweepTurn Time(SweepSide side, int threads, int round, Func<double> run)
    {
        var (neighbours, clock, used, bytes) = (new Neighbours(), Stopwatch.StartNew(), Environment.CpuUsage, GC.GetTotalAllocatedBytes());
        var rate = run();
        var (seconds, now) = (clock.Elapsed.TotalSeconds, Environment.CpuUsage);
        var (busy, system) = ((now.TotalTime - used.TotalTime).TotalSeconds, (now.PrivilegedTime - used.PrivilegedTime).TotalSeconds);
        // Where nothing is known about others, nothing was taken.
        var taken = Math.Max(0, neighbours.Processors() + Math.Min(threads, Environment.ProcessorCount) - Environment.ProcessorCount ?? 0);
        var trials = Interlocked.Exchange(ref _drawn, 0);
        return new SweepTurn(side, threads, round, rate, seconds, trials, busy, system, GC.GetTotalAllocatedBytes() - bytes, taken);
    }

    /// <summary>A campaign from its beginning to its end.</summary>
    /// <returns>Trials a second.</returns>
    private double Campaign(CampaignLab lab, int threads, CancellationToken cancellation)
    {
        // As much for each thread on every side, so that beginnings and ends weigh alike.
        var plan = _options.Plan with { Stopping = _options.Plan.Stopping with { Floor = Trials * threads, Ceiling = Trials * threads } };
        var file = Path.Combine(_folder, $"{Interlocked.Increment(ref _journals)}.txt");
        var states = Enumerable.Range(0, plan.Cells).Select(_ => new CellState(plan)).ToList();
        CampaignRun run;
        using (var journal = new Journal<TrialRow>(file))
        {
            run = new CampaignRun(lab, states, journal, threads);
            // Progress as for a machine that reads along.
            var progress = new CampaignProgress(plan, states, null, TextWriter.Null);
            progress.Show(new Session(TextWriter.Null, TextWriter.Null, cancellation), told => run.Run(told, cancellation));
        }

        var rate = run.Drawn / run.Elapsed.TotalSeconds;
        Interlocked.Add(ref _drawn, run.Drawn);
        var rows = Journal<TrialRow>.Records(file).Where(row => row.Trial < Trials).ToList();
        Require(Interlocked.CompareExchange(ref _first, rows, null) ?? rows, rows);
        return rate;
    }

    /// <summary>A campaign in every lab. One that is done draws on until all are: the last would otherwise have the machine for itself.</summary>
    /// <returns>The sum of the rates of whole campaigns: none waits for the slowest.</returns>
    private double Apart(CancellationToken cancellation)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var left = _labs.Count;
        return AtOnce(i =>
        {
            double rate;
            try
            {
                rate = Campaign(_labs[i], 1, cancellation);
            }
            catch
            {
                over.Cancel();
                throw;
            }

            if (Interlocked.Decrement(ref left) == 0)
                over.Cancel();
            GoOn(_labs[i], over.Token);
            return rate;
        });
    }

    private void GoOn(CampaignLab lab, CancellationToken over)
    {
        var worker = new TrialWorker(lab);
        for (var cell = 0; !over.IsCancellationRequested; cell = (cell + 1) % _options.Plan.Cells)
        {
            lab.Run(cell, 0, worker, CancellationToken.None);
            Interlocked.Increment(ref _drawn);
        }

        // The next turn draws it again.
        lab.Drop(lab.CleanRunOf(0, 0));
    }

    /// <returns>Billions of operations a second.</returns>
    private static double Peak(PeakLoop loop)
    {
        var (clock, runs) = (Stopwatch.StartNew(), 0);
        for (; clock.Elapsed < PeakTime; runs++)
            loop.Run();
        return 1e-9 * loop.Operations * runs / clock.Elapsed.TotalSeconds;
    }

    /// <summary>Something on every thread at once.</summary>
    /// <returns>The sum of what they return.</returns>
    private double AtOnce(Func<int, double> run)
    {
        var all = Enumerable.Range(0, _options.Threads).Select(i => Task.Factory.StartNew(() => run(i), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)).ToList();
        return Task.WhenAll(all).GetAwaiter().GetResult().Sum();
    }

    /// <summary>Fails unless two campaigns drew the same pictures.</summary>
    /// <param name="first">Trials of one, in any order.</param>
    /// <param name="second">Trials of the other.</param>
    /// <exception cref="DisagreementException">They did not; the message names a trial.</exception>
    internal static void Require(IEnumerable<TrialRow> first, IEnumerable<TrialRow> second)
    {
        static HashSet<string> Pictures(IEnumerable<TrialRow> rows) => [.. rows.Select(row => $"trial {row.Trial} of {CellsCsv.IdOf(row.Cell)}, {row.Digest}")];
        var (expected, drawn) = (Pictures(first), Pictures(second));
        if (expected.Except(drawn).Concat(drawn.Except(expected)).Order(StringComparer.Ordinal).FirstOrDefault() is { } odd)
            throw new DisagreementException($"sweep: {odd} was drawn in one turn and not in another; expected the same pictures on any threads");
    }
}
