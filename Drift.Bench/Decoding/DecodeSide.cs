using Drift.Abft;
using Drift.Kernels;
using Drift.Models;

namespace Drift.Bench;

/// <summary>
/// What the forms of a <see cref="DecodeBench"/> share: operands, the flips, and the output, so that it is at one place for all. Each product has other flips than the last: a processor that has met the
/// same flips before foresees every branch that a decoder takes on them, and would be timed at half of what it takes.
/// </summary>
internal sealed class DecodeOperands : IDisposable
{
    /// <summary>Plans that there are: a prime, so that all come about however many products a round makes.</summary>
    public const int Plans = 31;

    private readonly IGemmBackend _backend = Backends.Open(Backends.Default);
    private readonly Dictionary<string, GemmWeights> _coded = [];
    private readonly GemmWeights _plain;
    private readonly sbyte[] _activations;
    private readonly float[] _norms;
    private readonly GemmShape _shape;
    private readonly FaultPlan[] _plans;

    /// <summary>Draws them.</summary>
    /// <param name="shape">Shape of the product.</param>
    /// <param name="codes">Which sums will be taken.</param>
    /// <param name="rate">Hits per element.</param>
    public DecodeOperands(GemmShape shape, IReadOnlyList<Code> codes, double rate)
    {
        var (m, n, k) = _shape = shape;
        _activations = Codes(m * k, 1);
        var weights = Codes(n * k, 2);
        _plain = _backend.Prepare(weights, n, k, ChecksumTiles.None);
        foreach (var code in codes)
            _coded[code.Name] = _backend.Prepare(weights, n, k, code.Tiles);
        _norms = new float[n];
        RowNorms.Measure(weights, k, k, _norms);
        _plans = [.. Enumerable.Range(0, Plans).Select(seed => new FaultPlanner().Draw((ulong)seed, new GemmSite(0, 0, GemmRole.Query), m, n, BitErrorProfile.Uniform(rate)))];
    }

    /// <summary>What a product leaves.</summary>
    public GemmOutput Output { get; } = new();

    /// <summary>Mean flips of a plan.</summary>
    public double Flips => Math.Max(1, _plans.Average(plan => plan.Count));

    /// <summary>A plan, counted round and round.</summary>
    /// <param name="turn">Which one.</param>
    public FaultPlan Plan(int turn) => _plans[turn % Plans];

    /// <summary>Multiplies.</summary>
    /// <param name="code">Which sums are taken; null for none.</param>
    /// <param name="turn">Which plan.</param>
    public void Multiply(Code? code, int turn) =>
        _backend.Multiply(new GemmCall(_activations, _shape.M, _shape.K, code is null ? _plain : _coded[code.Name]), Plan(turn), Output);

    /// <summary>Examines the product that was multiplied last.</summary>
    /// <param name="examination">Examines.</param>
    /// <param name="finding">Takes what needs a recovery.</param>
    /// <param name="turn">Which plan it was under.</param>
    public void Examine(Examination examination, Finding finding, int turn)
    {
        examination.Begin(_activations, _shape.M, _shape.K, _shape.K);
        examination.Examine(Output, _norms, finding, Plan(turn));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _plain.Dispose();
        foreach (var weights in _coded.Values)
            weights.Dispose();
        Output.Dispose();
        _backend.Dispose();
    }

    /// <summary>N(0, 1) values as symmetric quantisation makes codes of them: the largest is 127.</summary>
    private static sbyte[] Codes(int count, uint random)
    {
        var values = new float[count];
        OperandFamily.Normal.Fill(random * 40503, values, count, isFirst: false);
        var codes = new sbyte[count];
        Quantizer.Quantise(values, count, Quantizer.Scale(values), codes, count);
        return codes;
    }
}

/// <summary>One form of a <see cref="DecodeBench"/>.</summary>
/// <param name="operands">What it multiplies.</param>
/// <param name="code">Which sums are taken; null for none.</param>
/// <param name="decodes">Whether they are read and the flips taken back.</param>
internal sealed class DecodeSide(DecodeOperands operands, Code? code, bool decodes) : ISide
{
    private readonly Examination? _examination = code is null || !decodes ? null : new Examination(code.Open());
    private readonly Finding _finding = new();
    private int _turn;

    /// <inheritdoc/>
    public string Name => code is null ? "none" : decodes ? $"{code.Name}, decoded" : code.Name;

    /// <inheritdoc/>
    public void Run()
    {
        operands.Multiply(code, ++_turn);
        if (_examination is null)
            return;
        operands.Examine(_examination, _finding, _turn);
        var accumulators = operands.Output.Accumulators;
        var stride = operands.Output.Stride;
        foreach (var (row, column, value) in _examination.Corrections.All)
            accumulators[row * stride + column] = value;
    }

    /// <summary>Percent of the flips of all plans that are taken back.</summary>
    public double Exact()
    {
        var (outcome, settlement) = (default(Outcome), new Settlement());
        for (var plan = 0; plan < DecodeOperands.Plans; plan++)
        {
            operands.Multiply(code, plan);
            operands.Examine(_examination!, _finding, plan);
            outcome += settlement.Settle(operands.Plan(plan), operands.Output, _finding, _examination!.Corrections, Strategy.LargeFault);
        }

        return 100.0 * outcome.Exact / Math.Max(1, outcome.Flips);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
