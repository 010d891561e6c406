using Drift.Kernels;

namespace Drift.Bench;

/// <summary>How a product of ours is protected.</summary>
/// <param name="Name">As tables and JSON have it.</param>
/// <param name="Tiles">Tiles of the checks.</param>
internal sealed record Guarding(string Name, ChecksumTiles Tiles)
{
    /// <summary>No checks.</summary>
    public static Guarding None { get; } = new("none", ChecksumTiles.None);

    /// <summary>Row and column sums of every tile of a float product.</summary>
    public static IReadOnlyList<Guarding> CheckedFloats { get; } = [new("flat128", 128), new("flat32", 32)];

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
    private readonly FaultPlan _faults;

    public OurInt8Product(Operands<sbyte> operands, int threads, Guarding guarding, double faultRate = 0)
    {
        _operands = operands;
        Name = $"Drift, {guarding.Name}";
        _faults = Plans.Draw(operands.Shape, faultRate);
        _backend = Backends.Open(Backends.Default, threads);
        _weights = _backend.Prepare(operands.Weights.Span, operands.Shape.N, operands.Shape.K, guarding.Tiles);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public void Run() => _backend.Multiply(new GemmCall(_operands.Activations.Span, _operands.Shape.M, _operands.Shape.K, _weights), _faults, _output);

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

/// <summary>Plans of flips, always the same for a shape and a rate.</summary>
internal static class Plans
{
    private const ulong Seed = 1;

    /// <summary>Flips of any bit at a rate an element.</summary>
    public static FaultPlan Draw(GemmShape shape, double rate) =>
        rate == 0 ? FaultPlan.None : new FaultPlanner().Draw(Seed, new GemmSite(0, 0, GemmRole.Query), shape.M, shape.N, BitErrorProfile.Uniform(rate));
}

/// <summary>The host's fp32 product, or bf16 one, which rounds activations in every run; with line sums expected and observed where it is guarded: the activations' own sums are made in every run, the weights' once.</summary>
internal sealed class OurFloatProduct : IProduct<float>
{
    private readonly Operands<float> _operands;
    private readonly FloatBackend _backend;
    private readonly FloatWeights _weights;
    private readonly FloatChecks? _checks;
    private readonly FaultPlan _faults;
    private readonly AlignedBuffer<float> _output;

    public OurFloatProduct(Operands<float> operands, int threads, Guarding guarding, double faultRate = 0, bool rounded = false)
    {
        var (m, n, k) = operands.Shape;
        _operands = operands;
        Name = $"Drift, {guarding.Name}";
        _backend = new FloatBackend(threads);
        _weights = rounded ? FloatGemm.PackBfloat16(operands.Weights.Span, n, k) : FloatGemm.Pack(operands.Weights.Span, n, k, guarding.Tiles.Edge);
        _checks = guarding.Tiles.Edge == 0 ? null : new FloatChecks();
        _faults = Plans.Draw(operands.Shape, faultRate);
        _output = new(m * n);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public void Run() =>
        _backend.Multiply(_operands.Activations.Span, _operands.Shape.K, _operands.Shape.M, _weights, [], _output.Span, _operands.Shape.N, _faults, _checks);

    /// <inheritdoc/>
    public ReadOnlySpan<float> Row(int row) => _output.Span.Slice(row * _operands.Shape.N, _operands.Shape.N);

    /// <inheritdoc/>
    public void Dispose()
    {
        _output.Dispose();
        _backend.Dispose();
    }
}

/// <summary>Our fp32 product as the rival of our bf16 one.</summary>
internal sealed class OurFp32 : IRival<float, float>
{
    /// <inheritdoc/>
    public string Name => "Drift fp32";

    /// <inheritdoc/>
    public string? Missing() => null;

    /// <inheritdoc/>
    public IProduct<float> Open(Operands<float> operands, int threads) => new OurFloatProduct(operands, threads, Guarding.None);
}
