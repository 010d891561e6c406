using Drift.Kernels;

namespace Drift.Bench;

/// <summary>How a product of ours is protected.</summary>
/// <param name="Name">As tables and JSON have it.</param>
/// <param name="Tiles">Tiles of the checks.</param>
internal sealed record Guarding(string Name, ChecksumTiles Tiles)
{
    /// <summary>No checks.</summary>
    public static Guarding None { get; } = new("none", ChecksumTiles.None);

    /// <summary>Row and column sums of every tile, or of coarse tiles first.</summary>
    public static IReadOnlyList<Guarding> Checked { get; } = [new("flat32", 32), new("flat128", 128), new("hierarchical32in256", new ChecksumTiles(32, 256))];
}

/// <summary>The host's INT8 product, with line sums expected and observed where it is guarded: the activations' own sums are made in every run, the weights' once.</summary>
internal sealed class OurInt8Product : IProduct<int>
{
    private readonly Operands<sbyte> _operands;
    private readonly GemmOutput _output = new();
    private readonly IGemmBackend _backend;
    private readonly GemmWeights _weights;

    public OurInt8Product(Operands<sbyte> operands, int threads, Guarding guarding)
    {
        _operands = operands;
        Name = $"Drift, {guarding.Name}";
        _backend = Backends.Open(Backends.Default, threads);
        _weights = _backend.Prepare(operands.Weights.Span, operands.Shape.N, operands.Shape.K, guarding.Tiles);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public void Run() => _backend.Multiply(new GemmCall(_operands.Activations.Span, _operands.Shape.M, _operands.Shape.K, _weights), FaultPlan.None, _output);

    /// <inheritdoc/>
    public ReadOnlySpan<int> Row(int row) => _output.Row(row);

    /// <inheritdoc/>
    public void Dispose()
    {
        _weights.Dispose();
        _backend.Dispose();
        _output.Dispose();
    }
}

/// <summary>The host's fp32 product. It runs on one thread and has no checks.</summary>
internal sealed class OurFloatProduct : IProduct<float>
{
    private readonly Operands<float> _operands;
    private readonly FloatWeights _weights;
    private readonly AlignedBuffer<float> _output;

    public OurFloatProduct(Operands<float> operands)
    {
        var (m, n, k) = operands.Shape;
        _operands = operands;
        _weights = FloatGemm.Pack(operands.Weights.Span, n, k);
        _output = new(m * n);
    }

    /// <inheritdoc/>
    public string Name => "Drift, none";

    /// <inheritdoc/>
    public void Run() => FloatGemm.Multiply(_operands.Activations.Span, _operands.Shape.M, _weights, [], _output.Span);

    /// <inheritdoc/>
    public ReadOnlySpan<float> Row(int row) => _output.Span.Slice(row * _operands.Shape.N, _operands.Shape.N);

    /// <inheritdoc/>
    public void Dispose() => _output.Dispose();
}
