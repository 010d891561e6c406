using System.Globalization;
using System.Numerics;
using Drift.Kernels;

namespace Drift.Bench;

/// <summary>Which pairs are measured.</summary>
internal enum GemmContest
{
    /// <summary>Products, protected and not, against other libraries' and against ours on one thread.</summary>
    Gemm,

    /// <summary>Protected products against ours without checks, in rounds.</summary>
    Abft,

    /// <summary>Products with flips against ours without.</summary>
    Faults,

    /// <summary>Each product alone.</summary>
    Roofline,
}

/// <summary>What <c>drift bench gemm</c>, <c>abft</c> and <c>faults</c> measure.</summary>
/// <param name="Contest">Which pairs.</param>
/// <param name="Threads">Thread counts, in order.</param>
/// <param name="Rivals">Whether other libraries are measured too.</param>
/// <param name="Settings">How long a pair is timed.</param>
/// <param name="Attempts">How often a pair is measured at the most, while other processes take processors from it; the least disturbed one counts.</param>
/// <param name="Device">Where products run; null for the host.</param>
/// <param name="Only">The one shape to measure; null for the kinds' layers.</param>
internal sealed record GemmBenchOptions(GemmContest Contest, IReadOnlyList<int> Threads, bool Rivals, DuelSettings Settings, int Attempts, IDeviceProducts? Device = null, GemmShape? Only = null)
{
    /// <summary>Types of product, by name; empty for all.</summary>
    public IReadOnlyList<string> Types { get; init; } = [];

    /// <summary>Sets of <see cref="GemmLayer.Sets"/>, by name; empty for each type's own layers.</summary>
    public IReadOnlyList<string> Layers { get; init; } = [];
}

/// <summary>Pairs each product of ours with its unprotected form and with the rivals, checks that both sides agree, and times them in turn.</summary>
internal sealed class GemmBench(GemmBenchOptions options, CancellationToken cancellation)
{
    /// <summary>Flips an element where products have any: the highest rate that the issue of faults asks about.</summary>
    private const double FaultRate = 3e-3;

    private string What => options.Contest.ToString().ToLowerInvariant();

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
        List<Action> work = options.Device is { } device
            ? [.. Plan(DeviceKinds.Float(device)), .. Plan(DeviceKinds.Int8(device)), .. Plan(DeviceKinds.Quantised(device)), .. device.MultipliesHalves ? Plan(DeviceKinds.Halves(device)) : []]
            : [.. Plan(GemmKinds.Int8), .. Plan(GemmKinds.Float), .. options.Contest is GemmContest.Gemm or GemmContest.Roofline ? Plan(GemmKinds.Bfloat16) : []];
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
        if (options.Types.Count > 0 && !options.Types.Contains(kind.Type))
            return [];
        List<IRival<TIn, TOut>> present = [];
        foreach (var rival in options is { Rivals: true, Contest: GemmContest.Gemm } ? kind.Rivals : [])
        {
            if (rival.Missing() is { } missing)
                _notes.Add($"{rival.Name}: {missing}");
            else
                present.Add(rival);
        }

        return from threads in options.Threads
               from shape in options.Only is { } only ? [only] : (options.Layers.Count == 0 ? kind.Layers : options.Layers.SelectMany(set => GemmLayer.Sets[set])).Select(layer => layer.Shape)
               select options.Contest == GemmContest.Abft ? (Action)(() => Meet(kind, shape, threads)) : () => Measure(kind, present, shape, threads);
    }

    /// <summary>A product's forms in a bout.</summary>
    /// <exception cref="DisagreementException">Two forms differ.</exception>
    internal void Meet<TIn, TOut>(GemmKind<TIn, TOut> kind, GemmShape shape, int threads)
        where TIn : unmanaged
        where TOut : unmanaged, INumber<TOut>
    {
        IReadOnlyList<Guarding> forms = [kind.Plain, kind.Plain with { Name = $"{kind.Plain.Name}, again" }, .. kind.Guards];
        var bout = new Bout(BoutSettings.Of(options.Settings, forms.Count), TimeProvider.System, cancellation);
        var (times, taken) = Neighbours.Least(options.Attempts, threads, () => bout.Run(
            () => kind.Draw(shape),
            [.. forms.Select(form => (Func<Operands<TIn>, IProduct<TOut>>)(operands => kind.Ours(operands, threads, form, 0)))],
            (product, plain) => Agreement.Require(product, plain, shape, kind.Tolerance)));
        for (var form = 1; form < forms.Count; form++)
            _results.Add(GemmResult.Of(What, kind.Type, shape, threads, forms[form].Name, kind.Unit, times.Pair(form, 0), $"Drift, {kind.Plain.Name}") with { Taken = taken });
    }

    /// <summary>Measures one product, with all that it is paired with.</summary>
    /// <exception cref="DisagreementException">Two sides differ.</exception>
    internal void Measure<TIn, TOut>(GemmKind<TIn, TOut> kind, IReadOnlyList<IRival<TIn, TOut>> rivals, GemmShape shape, int threads)
        where TIn : unmanaged
        where TOut : unmanaged, INumber<TOut>
    {
        using var operands = kind.Draw(shape);
        using var plain = kind.Ours(operands, threads, kind.Plain, 0);
        List<(string Protection, IProduct<TOut> Product)> ours = [(kind.Plain.Name, plain)];
        try
        {
            foreach (var guarding in kind.Guards)
                ours.Add((guarding.Name, kind.Ours(operands, threads, guarding, 0)));
            if (options.Contest == GemmContest.Faults)
            {
                Faults(kind, operands, ours, shape, threads);
                return;
            }

            if (options.Contest == GemmContest.Roofline)
            {
                foreach (var side in ours)
                    Pair(kind, side, null, shape, threads, false);
                return;
            }

            if (options.Contest == GemmContest.Gemm && rivals.Count == 0)
                Pair(kind, ours[0], null, shape, threads, false);
            foreach (var guarded in ours[1..])
                Pair(kind, guarded, plain, shape, threads, false);
            if (options.Contest == GemmContest.Gemm && threads > 1 && kind.ByThreads)
            {
                Alone(kind, operands, ours, shape, threads);
                Apart(kind, operands, shape, threads);
            }

            foreach (var rival in rivals)
            {
                try
                {
                    using var product = Opened(rival, operands, threads);
                    foreach (var side in kind.GuardedMeetRivals ? ours : ours[..1])
                        Pair(kind, side, product, shape, threads, threads > 1);
                }
                catch (RivalRefusalException refused)
                {
                    // A rival that does not take a shape takes no other result along.
                    _notes.Add($"{shape}: {refused.Message}");
                }
            }
        }
        finally
        {
            foreach (var (_, product) in ours[1..])
                product.Dispose();
        }
    }

    private static IProduct<TOut> Opened<TIn, TOut>(IRival<TIn, TOut> rival, Operands<TIn> operands, int threads)
        where TIn : unmanaged
        where TOut : unmanaged
    {
        try
        {
            return rival.Open(operands, threads);
        }
        catch (BackendUnavailableException lacking) when (lacking.LacksMemory)
        {
            throw new RivalRefusalException($"{rival.Name}: {lacking.Message}", lacking);
        }
    }

    /// <summary>Each against itself without flips. The plan is drawn once: what is timed is its application.</summary>
    private void Faults<TIn, TOut>(GemmKind<TIn, TOut> kind, Operands<TIn> operands, List<(string Protection, IProduct<TOut> Product)> clean, GemmShape shape, int threads)
        where TIn : unmanaged
        where TOut : unmanaged, INumber<TOut>
    {
        foreach (var (guarding, (protection, product)) in ((Guarding[])[kind.Plain, .. kind.Guards]).Zip(clean))
        {
            using var faulty = kind.Ours(operands, threads, guarding, FaultRate);
            Pair(kind, (string.Create(CultureInfo.InvariantCulture, $"{protection}, p = {FaultRate}"), faulty), product, shape, threads, false, agree: false);
        }
    }

    /// <summary>Each against itself on one thread.</summary>
    private void Alone<TIn, TOut>(GemmKind<TIn, TOut> kind, Operands<TIn> operands, List<(string Protection, IProduct<TOut> Product)> ours, GemmShape shape, int threads)
        where TIn : unmanaged
        where TOut : unmanaged, INumber<TOut>
    {
        foreach (var (guarding, side) in ((Guarding[])[kind.Plain, .. kind.Guards]).Zip(ours))
        {
            using var alone = kind.Ours(operands, 1, guarding, 0);
            Pair(kind, side, alone, shape, threads, false, rivalName: $"{alone.Name}, 1 thread");
        }
    }

    /// <summary>
    /// The control of what threads can bring here: as many products as threads, each with operands, weights and output of its own on one thread, that share nothing but the machine, against one of them.
    /// </summary>
    private void Apart<TIn, TOut>(GemmKind<TIn, TOut> kind, Operands<TIn> operands, GemmShape shape, int threads)
        where TIn : unmanaged
        where TOut : unmanaged, INumber<TOut>
    {
        List<Operands<TIn>> own = [.. Enumerable.Range(1, threads - 1).Select(_ => kind.Draw(shape))];
        List<IProduct<TOut>> products = [.. own.Prepend(operands).Select(drawn => kind.Ours(drawn, 1, Guarding.None, 0))];
        try
        {
            using var together = new ProductsApart<TOut>(products);
            Pair(kind, ("none, products apart", together), products[0], shape, threads, false, rivalName: $"{products[0].Name}, 1 thread", products: threads);
        }
        finally
        {
            foreach (var product in products)
                product.Dispose();
            foreach (var drawn in own)
                drawn.Dispose();
        }
    }

    private void Pair<TIn, TOut>(GemmKind<TIn, TOut> kind, (string Protection, IProduct<TOut> Product) ours, IProduct<TOut>? rival, GemmShape shape, int threads, bool spins,
        string? rivalName = null, bool agree = true, int products = 1)
        where TIn : unmanaged
        where TOut : unmanaged, INumber<TOut>
    {
        if (rival is not null && agree)
            Agreement.Require(ours.Product, rival, shape, kind.Tolerance);
        var duel = new Duel(options.Settings, TimeProvider.System, spins ? Quiet.Wait : () => { });
        var (times, least) = Neighbours.Least(options.Attempts, threads, () => duel.Run(ours.Product.Repeat, rival is null ? null : rival.Repeat, cancellation));
        // Ours may be several products at a time.
        times = times with { Ours = times.Ours / products };
        _results.Add(GemmResult.Of(What, kind.Type, shape, threads, ours.Protection, kind.Unit, times, rivalName ?? rival?.Name) with { Taken = least });
    }
}
