using BenchmarkDotNet.Attributes;
using Drift.Kernels;

namespace Drift.Bench;

/// <summary>The INT8 product of each backend, plain and with line sums. Public because BenchmarkDotNet subclasses it.</summary>
public class GemmBenchmarks : IDisposable
{
    private readonly GemmOutput _output = new();
    private IGemmBackend? _backend;
    private GemmWeights? _weights;
    private sbyte[] _activations = [];

    /// <summary>A backend's name; <c>drift bench</c> keeps the one that was asked for.</summary>
    [ParamsSource(nameof(AllBackends))]
    public string Backend { get; set; } = Backends.Default;

    /// <summary>Host threads.</summary>
    [ParamsSource(nameof(AllThreads))]
    public int Threads { get; set; }

    /// <summary>M, N and K.</summary>
    [ParamsSource(nameof(AllShapes))]
    public GemmShape Shape { get; set; }

    /// <summary>Edge of a checksum tile; 0 without checks.</summary>
    [Params(0, 32)]
    public int Tile { get; set; }

    /// <summary>Every backend that this build knows.</summary>
    public static IEnumerable<string> AllBackends => Backends.Names;

    /// <summary>One thread, and all of them.</summary>
    public static IEnumerable<int> AllThreads => new[] { 1, Environment.ProcessorCount }.Distinct();

    /// <summary>A layer of the shipped DiT for one picture, the fused q, k, v of DiT-XL/2, and a cube.</summary>
    public static IEnumerable<GemmShape> AllShapes => [new(64, 384, 128), new(256, 3456, 1152), new(1024, 1024, 1024)];

    /// <summary>Random operands, always the same.</summary>
    [GlobalSetup]
    public void Prepare()
    {
        var random = new Random(1);
        _activations = Values(random, Shape.M * Shape.K);
        _backend = Backends.Open(Backend, Threads);
        _weights = _backend.Prepare(Values(random, Shape.N * Shape.K), Shape.N, Shape.K, Tile);
    }

    /// <summary>The product.</summary>
    [Benchmark]
    public void Multiply() => _backend!.Multiply(new GemmCall(_activations, Shape.M, Shape.K, _weights!), FaultPlan.None, _output);

    /// <inheritdoc/>
    [GlobalCleanup]
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees what the backend holds.</summary>
    /// <param name="disposing">True when called by <see cref="Dispose()"/>.</param>
    protected virtual void Dispose(bool disposing)
    {
        _weights?.Dispose();
        _backend?.Dispose();
        _output.Dispose();
    }

    private static sbyte[] Values(Random random, int count)
    {
        var values = new sbyte[count];
        for (var i = 0; i < count; i++)
            values[i] = (sbyte)random.Next(-127, 128);
        return values;
    }
}
