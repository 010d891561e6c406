using System.Globalization;
using System.Numerics;
using Drift.Kernels;

namespace Drift.Bench;

/// <summary>What <c>drift bench gemm</c> measures.</summary>
/// <param name="Threads">Thread counts, in order.</param>
/// <param name="Rivals">Whether other libraries are measured too.</param>
/// <param name="Settings">How long a pair is timed.</param>
/// <param name="Attempts">How often a pair is measured at the most, while other processes take processors from it; the least disturbed one counts.</param>
internal sealed record GemmBenchOptions(IReadOnlyList<int> Threads, bool Rivals, DuelSettings Settings, int Attempts);

/// <summary>Pairs each product of ours with its unprotected form and with the rivals, checks that both sides agree, and times them in turn.</summary>
internal sealed class GemmBench(GemmBenchOptions options, CancellationToken cancellation)
{
    private const string What = "gemm";

    private readonly List<GemmResult> _results = [];
    private readonly List<string> _notes = [];

    /// <summary>All pairs, in the order of measurement.</summary>
    public IReadOnlyList<GemmResult> Results => _results;

    /// <summary>Processors that others took from the measured threads, mean of all pairs: 0 on a machine of one's own.</summary>
    public double Taken => _results.Count == 0 ? 0 : _results.Average(result => result.Taken);

    /// <summary>What is not in the results, and why.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <summary>Measures everything.</summary>
    /// <exception cref="DisagreementException">Two sides differ.</exception>
    public void Run(Session session)
    {
        List<Action> work = [.. Plan(GemmKinds.Int8), .. Plan(GemmKinds.Float)];
        if (options.Rivals)
            _notes.AddRange(RivalRegistry.NotBuilt);
        RunProgress.Show([What], work.Count, session, moved =>
        {
            foreach (var measure in work)
            {
                measure();
                moved(0, 1);
            }
        });
        var disturbed = _results.Count(result => result.Disturbed);
        if (disturbed > 0)
            _notes.Add(string.Create(CultureInfo.InvariantCulture,
                $"* Disturbed: in {disturbed} of {_results.Count} pairs other processes took over {GemmResult.Bearable} processors from the measured threads; take no ratio from them."));
    }

    private IEnumerable<Action> Plan<TIn, TOut>(GemmKind<TIn, TOut> kind)
        where TIn : unmanaged
        where TOut : unmanaged, INumber<TOut>
    {
        List<IRival<TIn, TOut>> present = [];
        foreach (var rival in options.Rivals ? kind.Rivals : [])
        {
            if (rival.Missing() is { } missing)
                _notes.Add($"{rival.Name}: {missing}");
            else
                present.Add(rival);
        }

        if (options.Threads.Any(threads => threads > kind.MostThreads))
            _notes.Add($"{kind.Type}: Drift's product runs on {kind.MostThreads} thread as yet, so it is compared at {kind.MostThreads} only");
        return from threads in options.Threads
               where threads <= kind.MostThreads
               from layer in kind.Layers
               select (Action)(() => Measure(kind, present, layer.Shape, threads));
    }

    private void Measure<TIn, TOut>(GemmKind<TIn, TOut> kind, List<IRival<TIn, TOut>> rivals, GemmShape shape, int threads)
        where TIn : unmanaged
        where TOut : unmanaged, INumber<TOut>
    {
        using var operands = kind.Draw(shape);
        using var plain = kind.Ours(operands, threads, Guarding.None);
        List<(string Protection, IProduct<TOut> Product)> ours = [(Guarding.None.Name, plain)];
        try
        {
            foreach (var guarding in kind.Guards)
                ours.Add((guarding.Name, kind.Ours(operands, threads, guarding)));
            if (rivals.Count == 0)
                Pair(kind, ours[0], null, shape, threads, false);
            foreach (var guarded in ours[1..])
                Pair(kind, guarded, plain, shape, threads, false);
            foreach (var rival in rivals)
            {
                using var product = rival.Open(operands, threads);
                foreach (var side in ours)
                    Pair(kind, side, product, shape, threads, threads > 1);
            }
        }
        finally
        {
            foreach (var (_, product) in ours[1..])
                product.Dispose();
        }
    }

    private void Pair<TIn, TOut>(GemmKind<TIn, TOut> kind, (string Protection, IProduct<TOut> Product) ours, IProduct<TOut>? rival, GemmShape shape, int threads, bool spins)
        where TIn : unmanaged
        where TOut : unmanaged, INumber<TOut>
    {
        if (rival is not null)
            Agreement.Require(ours.Product, rival, shape, kind.Tolerance);
        var duel = new Duel(options.Settings, TimeProvider.System, spins ? Quiet.Wait : () => { });
        DuelTimes times = default;
        var least = double.PositiveInfinity;
        for (var attempt = 0; attempt < options.Attempts && least > GemmResult.Bearable; attempt++)
        {
            var neighbours = new Neighbours();
            var measured = duel.Run(ours.Product.Run, rival is null ? null : rival.Run, cancellation);
            // Where nothing is known about others, the first measurement is taken.
            var taken = Math.Max(0, neighbours.Processors() + threads - Environment.ProcessorCount ?? 0);
            if (taken < least)
                (times, least) = (measured, taken);
        }

        _results.Add(GemmResult.Of(What, kind.Type, shape, threads, ours.Protection, kind.Unit, times, rival?.Name) with { Taken = least });
    }
}
