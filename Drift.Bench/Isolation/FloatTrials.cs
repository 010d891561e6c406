using Drift.Abft;
using Drift.Kernels;

namespace Drift.Bench;

/// <summary>Trials of fp32 products on N(0, 1) operands: the product, its flips, the line sums, the verdict, the correction. A flip inverts one of the 32 bits of an output.</summary>
internal sealed class FloatTrials : ITrialBench
{
    private readonly AbftOptions _options;
    private readonly IRoundingBound _bound;
    private readonly CheckedFloatProduct _product = new();
    private readonly FloatBackend _backend = new();
    private readonly FloatChecks _checks = new();
    private readonly FaultPlanner _planner = new();
    private readonly FaultPlan _given;
    private readonly BitErrorProfile _profile;
    private readonly Finding _finding = new();
    private readonly float[] _activations, _weights, _plain;
    private FloatWeights? _fused;
    private float[] _clean = [];
    private bool[] _large = [];

    public FloatTrials(AbftOptions options)
    {
        var (m, n, k) = options.Shape;
        _options = options;
        _bound = RoundingBounds.Open(options.Detector);
        _given = options.Flips.Count == 0 ? FaultPlan.None : FaultPlan.Of(m, n, options.Flips);
        _profile = new BitErrorProfile(options.Rate, Enumerable.Repeat(1.0, 32).ToArray());
        (_activations, _weights, _plain) = (new float[m * k], new float[n * k], new float[m * n]);
    }

    /// <inheritdoc/>
    public void Run(int batch, int trials, AbftTally tally)
    {
        var (m, n, k) = _options.Shape;
        OperandFamily.Normal.Fill(Philox.Words(0, (uint)batch, 1, 0, _options.Seed).R0, _weights, k, isFirst: false);
        _product.Prepare(_weights, n, k, _options.Tile);
        _fused = null;
        for (var trial = 0; trial < trials; trial++)
        {
            var number = batch * (long)ITrialBench.Batch + trial;
            OperandFamily.Normal.Fill(Philox.Words((uint)number, (uint)(number >> 32), 2, 0, _options.Seed).R0, _activations, k, isFirst: true);
            var plan = _options.Flips.Count > 0 ? _given
                : _planner.Draw(_options.Seed + (ulong)(number >> 32), new GemmSite((int)(number & 0xFFFF), (int)(number >> 16 & 0xFFFF), GemmRole.Query), m, n, _profile);
            _product.Multiply(_activations, m);
            Flip(plan);
            _product.Observe();
            _product.Judge(_bound, _finding);
            tally.Trials++;
            tally.Count(plan, _finding, flip => _large[flip]);
            Correct(plan, tally);
        }
    }

    /// <inheritdoc/>
    public void RunGuarded() => RunFused(_checks);

    /// <inheritdoc/>
    public void RunPlain() => RunFused(null);

    /// <inheritdoc/>
    public void Dispose() => _backend.Dispose();

    /// <summary>What a network runs: the kernels whose sums are fused, where the trials' product takes them in passes of their own to show each part.</summary>
    private void RunFused(FloatChecks? checks)
    {
        var (m, n, k) = _options.Shape;
        _fused ??= FloatGemm.Pack(_weights, n, k, _options.Tile);
        _backend.Multiply(_activations, k, m, _fused, [], _plain, n, checks: checks);
    }

    /// <summary>Applies the flips, keeps the clean values, and notes which flips change a value by more than rounding may change both its lines.</summary>
    private void Flip(FaultPlan plan)
    {
        var n = _options.Shape.N;
        if (_clean.Length < plan.Count)
            (_clean, _large) = (new float[2 * plan.Count], new bool[2 * plan.Count]);
        for (var i = 0; i < plan.Count; i++)
        {
            var flip = plan.All[i];
            ref var output = ref _product.Outputs[flip.Row * n + flip.Column];
            _clean[i] = output;
            output = BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(output) ^ flip.Mask);
            var threshold = Math.Max(_product.RowThreshold(_bound, flip.Row, flip.Column / _options.Tile), _product.ColumnThreshold(_bound, flip.Row / _options.Tile, flip.Column));
            // Rounding may stand against the flip. A change that is no number is large.
            _large[i] = !(Math.Abs((double)output - _clean[i]) <= 2 * threshold);
        }
    }

    private void Correct(FaultPlan plan, AbftTally tally)
    {
        if (_options.Corrector == AbftNames.None)
            return;
        long replaced = 0, right = 0;
        FloatLocateAndCorrect.Correct(_product, _bound, _finding, (row, column) =>
        {
            replaced++;
            var allowed = _product.RowThreshold(_bound, row, column / _options.Tile);
            for (var i = 0; i < plan.Count; i++)
            {
                if (plan.All[i].Row == row && plan.All[i].Column == column)
                    right += Math.Abs((double)_product.Outputs[row * _options.Shape.N + column] - _clean[i]) <= allowed ? 1 : 0;
            }
        });
        (tally.Corrected, tally.Miscorrected) = (tally.Corrected + right, tally.Miscorrected + replaced - right);
    }
}
