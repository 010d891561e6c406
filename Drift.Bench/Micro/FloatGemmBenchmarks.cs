using BenchmarkDotNet.Attributes;
using Drift.Kernels;

namespace Drift.Bench;

/// <summary>The host's fp32 and bf16 products, plain and, fp32, with line sums. Public because BenchmarkDotNet subclasses it.</summary>
public class FloatGemmBenchmarks : IDisposable
{
    private FloatBackend? _backend;
    private FloatWeights? _weights;
    private FloatChecks? _checks;
    private float[] _activations = [], _product = [];

    /// <summary>Host threads.</summary>
    [ParamsSource(nameof(AllThreads))]
    public int Threads { get; set; }

    /// <summary>M, N and K.</summary>
    [ParamsSource(nameof(AllShapes))]
    public GemmShape Shape { get; set; }

    /// <summary>The type, and the edge of a checksum tile where there is one: fp32, fp32/128, fp32/32 or bf16.</summary>
    [Params("fp32", "fp32/128", "fp32/32", "bf16")]
    public string Type { get; set; } = "fp32";

    /// <summary>One thread, and all of them.</summary>
    public static IEnumerable<int> AllThreads => GemmBenchmarks.AllThreads;

    /// <summary>Those of the INT8 suite.</summary>
    public static IEnumerable<GemmShape> AllShapes => GemmBenchmarks.AllShapes;

    /// <summary>Random operands, always the same.</summary>
    [GlobalSetup]
    public void Prepare()
    {
        var random = new Random(1);
        var (m, n, k) = Shape;
        _activations = Values(random, m * k);
        _product = new float[m * n];
        _backend = new FloatBackend(Threads);
        var weights = Values(random, n * k);
        var tile = Type.Contains('/') ? int.Parse(Type[(Type.IndexOf('/') + 1)..], System.Globalization.CultureInfo.InvariantCulture) : 0;
        _weights = Type == "bf16" ? FloatGemm.PackBfloat16(weights, n, k) : FloatGemm.Pack(weights, n, k, tile);
        _checks = tile == 0 ? null : new FloatChecks();
    }

    /// <summary>The product.</summary>
    [Benchmark]
    public void Multiply() => _backend!.Multiply(_activations, Shape.K, Shape.M, _weights!, [], _product, Shape.N, default, _checks);

    /// <inheritdoc/>
    [GlobalCleanup]
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees what the backend holds.</summary>
    /// <param name="disposing">True when called by <see cref="Dispose()"/>.</param>
    protected virtual void Dispose(bool disposing) => _backend?.Dispose();

    private static float[] Values(Random random, int count)
    {
        var values = new float[count];
        foreach (ref var value in values.AsSpan())
            value = random.NextSingle() * 2 - 1;
        return values;
    }
}
