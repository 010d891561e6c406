using System.Globalization;

namespace Drift.Bench;

/// <summary>What a contest's benchmark measures.</summary>
/// <param name="Threads">Thread counts, in order.</param>
/// <param name="Rivals">Whether other libraries are measured too.</param>
/// <param name="Settings">How long a pair is timed.</param>
/// <param name="Attempts">How often a pair is measured at the most, while other processes take processors from it; the least disturbed one counts.</param>
internal sealed record ContestOptions(IReadOnlyList<int> Threads, bool Rivals, DuelSettings Settings, int Attempts);

/// <summary>A measured pair under its shape's name.</summary>
/// <param name="Label">The shape's name.</param>
/// <param name="Pair">The pair; of two forms of ours the ratio is the median of the rounds' ratios.</param>
/// <param name="Ratio">Two forms of ours in a bout; null where the other side is a rival.</param>
/// <param name="Control">The unprotected form and its double in the same bout.</param>
internal sealed record ContestResult(string Label, GemmResult Pair, PairedRatio? Ratio = null, PairedRatio? Control = null);

/// <summary>The JSON of a contest: that of <c>drift bench gemm</c>, and the spread of what was measured in bouts.</summary>
/// <param name="Machine">What it ran on.</param>
/// <param name="Results">One entry a pair.</param>
/// <param name="Spreads">One entry a pair of two forms of ours.</param>
internal sealed record ContestReport(IReadOnlyDictionary<string, object?> Machine, IReadOnlyList<GemmResult> Results, IReadOnlyList<ContestSpread> Spreads);

/// <summary>How far a ratio moved from round to round.</summary>
/// <param name="What">Conv, attention or the name of a norm.</param>
/// <param name="Type">int8, fp32 or bf16.</param>
/// <param name="Label">The shape's name.</param>
/// <param name="Threads">Threads.</param>
/// <param name="Protection">How it is protected.</param>
/// <param name="Rounds">Rounds.</param>
/// <param name="Ratio">Time without checks over time with checks.</param>
/// <param name="Control">Time without checks over that of the same once more.</param>
internal sealed record ContestSpread(string What, string Type, string Label, int Threads, string Protection, int Rounds, Quartiles Ratio, Quartiles Control);

/// <summary>Pairs each kernel of ours with its unprotected form and with the rivals, checks that both sides agree, and times them in turn.</summary>
internal sealed class ContestBench(ContestOptions options, CancellationToken cancellation)
{
    private readonly List<ContestResult> _results = [];
    private readonly List<string> _notes = [];

    /// <summary>All pairs, in the order of measurement.</summary>
    public IReadOnlyList<ContestResult> Results => _results;

    /// <summary>What is not in the results, and why.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <summary>Processors that others took from the measured threads, mean of all pairs: 0 on a machine of one's own.</summary>
    public double Taken => _results.Count == 0 ? 0 : _results.Average(result => result.Pair.Taken);

    /// <summary>Measures everything.</summary>
    /// <param name="contests">What.</param>
    /// <param name="session">Tells whether somebody watches.</param>
    /// <exception cref="DisagreementException">Two sides differ.</exception>
    public void Run(IReadOnlyList<Contest> contests, Session session)
    {
        var (missing, torchMissing) = options.Rivals ? (OnnxRuntimeLibrary.Missing(), new TorchRival().Missing()) : (null, null);
        if (missing is not null)
            _notes.Add($"ONNX Runtime: {missing}");
        if (torchMissing is not null)
            _notes.Add($"libtorch: {torchMissing}");
        RunProgress.Show([contests[0].What], contests.Count * options.Threads.Count, session, moved =>
        {
            foreach (var threads in options.Threads)
            {
                foreach (var contest in contests)
                {
                    Measure(contest, [.. Here(contest.Rivals, missing), .. Here(contest.TorchRivals, torchMissing)], threads);
                    moved(0, 1);
                }
            }
        });
        var disturbed = _results.Count(result => result.Pair.Disturbed);
        if (disturbed > 0)
            _notes.Add(string.Create(CultureInfo.InvariantCulture,
                $"* Disturbed: in {disturbed} of {_results.Count} pairs other processes took over {GemmResult.Bearable} processors from the measured threads; take no ratio from them."));
    }

    /// <summary>Fails unless two sides computed the same.</summary>
    /// <param name="label">The contest.</param>
    /// <param name="ours">Ours.</param>
    /// <param name="other">The other.</param>
    /// <param name="tolerance">Largest difference allowed, as a share of the largest magnitude.</param>
    /// <exception cref="DisagreementException">They differ; the message says where.</exception>
    public static void Require(string label, IContender ours, IContender other, double tolerance)
    {
        ours.Run();
        other.Run();
        var (mine, theirs) = (ours.Values(), other.Values());
        var largest = mine.Length == 0 ? 0 : mine.Max(Math.Abs);
        for (var i = 0; i < Math.Max(mine.Length, theirs.Length); i++)
        {
            // Written so that NaN, and a value that one side lacks, fail.
            if (i >= mine.Length || i >= theirs.Length || !(Math.Abs(mine[i] - theirs[i]) <= tolerance * largest))
                throw new DisagreementException(string.Create(CultureInfo.InvariantCulture,
                    $"{label}: {ours.Name} and {other.Name} differ at value {i} of {mine.Length} and {theirs.Length}: {mine.ElementAtOrDefault(i)} and {theirs.ElementAtOrDefault(i)}; nothing was timed"));
        }
    }

    private IReadOnlyList<Func<int, IContender>> Here(IReadOnlyList<Func<int, IContender>> rivals, string? missing) => options.Rivals && missing is null ? rivals : [];

    private void Measure(Contest contest, Func<int, IContender>[] rivals, int threads)
    {
        if (contest.Ours.Count > 1)
            Meet(contest, threads);
        List<(string Protection, IContender Side)> ours = [];
        try
        {
            foreach (var (protection, open) in contest.Ours)
                ours.Add((protection, open(threads)));
            if (rivals.Length == 0)
                Pair(contest, ours[0], null, threads, false);
            foreach (var open in rivals)
            {
                using var rival = open(threads);
                foreach (var side in ours)
                    Pair(contest, side, rival, threads, threads > 1);
            }
        }
        finally
        {
            foreach (var (_, side) in ours)
                side.Dispose();
        }
    }

    /// <summary>The forms of ours in a bout.</summary>
    private void Meet(Contest contest, int threads)
    {
        var forms = contest.Forms;
        var (times, least) = Neighbours.Least(options.Attempts, threads, () => Meet(contest, threads, new Bout(BoutSettings.Of(options.Settings, forms.Count), TimeProvider.System, cancellation)));
        for (var form = 2; form < forms.Count; form++)
        {
            var pair = times.Pair(form, 0);
            Add(contest, forms[form].Protection, threads, pair.Ours, pair.Rival, Name(forms[0], threads), pair.Ratio.Median, least, pair, times.Pair(1, 0));
        }
    }

    /// <summary>The forms of ours in a bout.</summary>
    /// <param name="contest">What.</param>
    /// <param name="threads">Threads of each form.</param>
    /// <param name="bout">How long.</param>
    /// <exception cref="DisagreementException">Two forms differ.</exception>
    public static BoutTimes Meet(Contest contest, int threads, Bout bout) => bout.Run(
        [.. contest.Forms.Select(form => (Func<IContender>)(() => form.Open(threads)))],
        (side, plain) => Require($"{contest.What} {contest.Type} {contest.Label}", side, plain, contest.Tolerance));

    private static string Name((string Protection, Func<int, IContender> Open) form, int threads)
    {
        using var side = form.Open(threads);
        return side.Name;
    }

    private void Pair(Contest contest, (string Protection, IContender Side) ours, IContender? rival, int threads, bool spins)
    {
        if (rival is not null)
            Require($"{contest.What} {contest.Type} {contest.Label}", ours.Side, rival, contest.Tolerance);
        var duel = new Duel(options.Settings, TimeProvider.System, spins ? Quiet.Wait : () => { });
        var (times, least) = Neighbours.Least(options.Attempts, threads, () => duel.Run(ours.Side.Run, rival is null ? null : rival.Run, cancellation));
        Add(contest, ours.Protection, threads, times.Ours, times.Rival, rival?.Name, times.Rival / times.Ours, least);
    }

    private void Add(Contest contest, string protection, int threads, double ours, double? rival, string? rivalName, double? ratio, double taken,
        PairedRatio? bout = null, PairedRatio? control = null)
    {
        double Speed(double seconds) => 1e-9 * contest.Operations / seconds;
        var (m, n, k) = contest.Shape;
        var pair = new GemmResult(contest.What, contest.Type, m, n, k, threads, protection, Speed(ours), rival is { } seconds ? Speed(seconds) : null, rivalName, contest.Unit, ratio) { Taken = taken };
        _results.Add(new ContestResult(contest.Label, pair, bout, control));
    }
}
