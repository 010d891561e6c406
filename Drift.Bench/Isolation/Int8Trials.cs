using System.Runtime.InteropServices;
using Drift.Abft;
using Drift.Kernels;
using Drift.Models;

namespace Drift.Bench;

/// <summary>Trials of INT8 products: random operands, the product with its flips and line sums, the verdict, the correction.</summary>
internal sealed class Int8Trials : ITrialBench
{
    private readonly AbftOptions _options;
    private readonly IGemmBackend _backend;
    private readonly FaultPlanner _planner = new();
    private readonly FaultPlan _given;
    private readonly BitErrorProfile _profile;
    private readonly ThresholdRule _rule;
    private readonly Finding _finding = new(), _condemned = new();
    private readonly GemmOutput _output = new();
    private readonly Settlement _settlement = new();
    private readonly Examination? _examination;
    private readonly sbyte[] _pool, _weightValues;
    private readonly float[] _norms;
    private GemmWeights? _weights, _plain;
    private int _start;

    public Int8Trials(AbftOptions options)
    {
        var (m, n, k) = options.Shape;
        _options = options;
        _backend = Backends.Open(options.Backend);
        _given = options.Flips.Count == 0 ? FaultPlan.None : FaultPlan.Of(m, n, options.Flips);
        _profile = BitErrorProfile.Uniform(options.Rate);
        _rule = new ThresholdRule(AbftNames.ThresholdOf(options));
        _examination = AbftNames.OpenCorrector(options.Corrector) is { } corrector ? new Examination(corrector) : null;
        // Activations begin at a random place of a pool twice as long.
        (_pool, _weightValues, _norms) = (new sbyte[2 * m * k], new sbyte[n * k], new float[n]);
    }

    /// <inheritdoc/>
    public void Run(int batch, int trials, AbftTally tally)
    {
        var (m, n, k) = _options.Shape;
        Draw(_weightValues, batch, 1);
        Draw(_pool, batch, 2);
        Prepare();
        for (var trial = 0; trial < trials; trial++)
        {
            var number = batch * (long)ITrialBench.Batch + trial;
            _start = (int)(Philox.Words((uint)number, (uint)(number >> 32), 3, 0, _options.Seed).R0 % (m * k));
            var activations = _pool.AsSpan(_start, m * k);
            // A plan's key has 16 bits for the step: the number of the trial is spread over two fields.
            var plan = _options.Flips.Count > 0 ? _given
                : _planner.Draw(_options.Seed + (ulong)(number >> 32), new GemmSite((int)(number & 0xFFFF), (int)(number >> 16 & 0xFFFF), GemmRole.Query), m, n, _profile);
            _backend.Multiply(new GemmCall(activations, m, k, _weights!), plan, _output);
            _rule.Judge(_output.Expected, _output.Observed, _finding);
            tally.Trials++;
            var threshold = (long)_rule.Threshold;
            tally.Count(plan, _finding, flip => 1L << plan.All[flip].Bit >= threshold);
            Correct(activations, plan, tally);
        }
    }

    /// <inheritdoc/>
    public void RunGuarded()
    {
        Multiply(_weights!);
        _rule.Judge(_output.Expected, _output.Observed, _finding);
    }

    /// <inheritdoc/>
    public void RunPlain() => Multiply(_plain!);

    /// <inheritdoc/>
    public void Dispose()
    {
        _weights?.Dispose();
        _plain?.Dispose();
        _output.Dispose();
        _backend.Dispose();
    }

    private void Multiply(GemmWeights weights)
    {
        var (m, _, k) = _options.Shape;
        _backend.Multiply(new GemmCall(_pool.AsSpan(_start, m * k), m, k, weights), FaultPlan.None, _output);
    }

    private void Prepare()
    {
        var (_, n, k) = _options.Shape;
        _weights?.Dispose();
        _plain?.Dispose();
        _weights = _backend.Prepare(_weightValues, n, k, new ChecksumTiles(_options.Tile, Moments: AbftNames.NeedsMoments(_options.Corrector), OddRows: AbftNames.NeedsOddRows(_options.Corrector)));
        _plain = _backend.Prepare(_weightValues, n, k, ChecksumTiles.None);
        RowNorms.Measure(_weightValues, k, k, _norms);
    }

    private void Correct(ReadOnlySpan<sbyte> activations, FaultPlan plan, AbftTally tally)
    {
        if (_examination is not { } examination)
            return;
        examination.Begin(activations, _options.Shape.M, _options.Shape.K, _options.Shape.K);
        examination.Examine(_output, _norms, _condemned, plan);
        var outcome = _settlement.Settle(plan, _output, _condemned, examination.Corrections, 1);
        tally.Corrected += outcome.Exact;
        tally.Miscorrected += outcome.WrongValue + outcome.Misplaced;
    }

    /// <summary>Codes of -127..127, alike and independent; the one code that symmetric quantisation does not make becomes 0.</summary>
    private void Draw(Span<sbyte> values, int batch, uint what)
    {
        var words = MemoryMarshal.Cast<sbyte, uint>(values);
        for (var i = 0; i < words.Length; i += 4)
        {
            var (a, b, c, d) = Philox.Words((uint)i, (uint)batch, what, 0, _options.Seed);
            ReadOnlySpan<uint> four = [a, b, c, d];
            four[..Math.Min(4, words.Length - i)].CopyTo(words[i..]);
        }

        var rest = values[(words.Length * sizeof(uint))..];
        for (var i = 0; i < rest.Length; i++)
            rest[i] = (sbyte)(Philox.Words((uint)i, (uint)batch, what, 1, _options.Seed).R0 % 255 - 127);
        values.Replace(sbyte.MinValue, (sbyte)0);
    }
}
