using System.Diagnostics;
using Drift.Abft;
using Drift.Kernels;
using Drift.Models;

namespace Drift.Bench;

/// <summary>What checks and decoding take of a product's time.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="M">Rows.</param>
/// <param name="N">Output features.</param>
/// <param name="K">The summed dimension.</param>
/// <param name="Code">Which sums are taken.</param>
/// <param name="Rate">Hits per element, in both sides of a pair.</param>
/// <param name="PlainSeconds">The product without checks. Measured.</param>
/// <param name="ChecksPercent">What line sums add, of the product's time. Measured.</param>
/// <param name="DecodingPercent">What line sums, norms, decoding and putting the corrections into effect add together. Measured.</param>
/// <param name="ExactPercent">Flips taken back in the timed products.</param>
internal sealed record DecodeTiming(string Layer, int M, int N, int K, string Code, double Rate, double PlainSeconds, double ChecksPercent, double DecodingPercent, double ExactPercent);

/// <summary>
/// Times INT8 products at DiT-XL shapes with the flips of a rate: as they are, with line sums, and with line sums read and the flips taken back. One thread. Each product has other flips than the last: a processor that has met the
/// same flips before foresees every branch that a decoder takes on them, and would be timed at half of what it takes.
/// </summary>
internal sealed class DecodeBench : IDisposable
{
    private const int Plans = 32;
    private static readonly TimeSpan WarmUp = TimeSpan.FromMilliseconds(500);

    private readonly GemmShape _shape;
    private readonly IGemmBackend _backend = Backends.Open(Backends.Default);
    private readonly GemmWeights _plain, _checked;
    private readonly sbyte[] _activations;
    private readonly float[] _norms;
    private readonly FaultPlan[] _plans;
    private readonly GemmOutput _output = new();
    private readonly Finding _finding = new();
    private readonly Examination _examination;
    private int _turn;

    private DecodeBench(GemmShape shape, Code code, double rate)
    {
        var (m, n, k) = _shape = shape;
        _activations = Codes(m * k, 1);
        var weights = Codes(n * k, 2);
        _plain = _backend.Prepare(weights, n, k, ChecksumTiles.None);
        _checked = _backend.Prepare(weights, n, k, code.Tiles);
        _examination = new Examination(code.Open());
        _norms = new float[n];
        RowNorms.Measure(weights, k, k, _norms);
        _plans = [.. Enumerable.Range(0, Plans).Select(seed => new FaultPlanner().Draw((ulong)seed, new GemmSite(0, 0, GemmRole.Query), m, n, BitErrorProfile.Uniform(rate)))];
    }

    /// <summary>Times every layer under every code.</summary>
    /// <param name="codes">The codes.</param>
    /// <param name="rate">Hits per element.</param>
    /// <param name="settings">How long each pair is timed.</param>
    /// <param name="cancellation">Stops between turns.</param>
    public static IEnumerable<DecodeTiming> Run(IReadOnlyList<Code> codes, double rate, DuelSettings settings, CancellationToken cancellation)
    {
        foreach (var layer in GemmLayer.DitXl)
        {
            foreach (var code in codes)
            {
                using var bench = new DecodeBench(layer.Shape, code, rate);
                if (layer == GemmLayer.DitXl[0])
                    bench.Warm();
                yield return bench.Time(layer, code, rate, new Duel(settings, TimeProvider.System, () => { }), cancellation);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _plain.Dispose();
        _checked.Dispose();
        _output.Dispose();
        _backend.Dispose();
    }

    private DecodeTiming Time(GemmLayer layer, Code code, double rate, Duel duel, CancellationToken cancellation)
    {
        var decoding = duel.Run(Decode, () => Multiply(_plain), cancellation);
        var sums = duel.Run(() => Multiply(_checked), () => Multiply(_plain), cancellation);
        var outcome = default(Outcome);
        for (var i = 0; i < Plans; i++)
        {
            Multiply(_checked);
            Examine();
            outcome += new Settlement().Settle(_plans[_turn], _output, _finding, _examination.Corrections, Strategy.LargeFault);
        }

        return new DecodeTiming(layer.Label, _shape.M, _shape.N, _shape.K, code.Name, rate, decoding.Rival!.Value, Percent(sums), Percent(decoding), 100.0 * outcome.Exact / Math.Max(1, outcome.Flips));
    }

    /// <summary>Whatever is compiled anew after its first calls is, before anything is timed.</summary>
    private void Warm()
    {
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < WarmUp;)
            Decode();
    }

    private void Multiply(GemmWeights weights)
    {
        _turn = (_turn + 1) % Plans;
        _backend.Multiply(new GemmCall(_activations, _shape.M, _shape.K, weights), _plans[_turn], _output);
    }

    private void Examine()
    {
        _examination.Begin(_activations, _shape.M, _shape.K, _shape.K);
        _examination.Examine(_output, _norms, _finding, _plans[_turn]);
    }

    private void Decode()
    {
        Multiply(_checked);
        Examine();
        foreach (var (row, column, value) in _examination.Corrections.All)
            _output.Accumulators[row * _output.Stride + column] = value;
    }

    private static double Percent(DuelTimes times) => 100 * (times.Ours / times.Rival!.Value - 1);

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
