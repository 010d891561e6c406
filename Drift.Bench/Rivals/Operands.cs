using Drift.Kernels;

namespace Drift.Bench;

/// <summary>A [M, K] and W [N, K] of C = A W^T, the same for every side.</summary>
/// <param name="shape">M, N and K.</param>
internal sealed class Operands<T>(GemmShape shape) : IDisposable
    where T : unmanaged
{
    /// <summary>M, N and K.</summary>
    public GemmShape Shape { get; } = shape;

    /// <summary>A, row-major without gaps.</summary>
    public AlignedBuffer<T> Activations { get; } = new(shape.M * shape.K);

    /// <summary>W, row-major without gaps.</summary>
    public AlignedBuffer<T> Weights { get; } = new(shape.N * shape.K);

    /// <summary>W^T [K, N], as the other libraries store weights.</summary>
    public T[] TransposedWeights()
    {
        var (_, n, k) = Shape;
        var transposed = new T[n * k];
        var weights = Weights.Span;
        for (var j = 0; j < n; j++)
        {
            for (var p = 0; p < k; p++)
                transposed[p * n + j] = weights[j * k + p];
        }

        return transposed;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Activations.Dispose();
        Weights.Dispose();
    }
}

/// <summary>Random operands, always the same for a shape.</summary>
internal static class Operands
{
    private const int Seed = 1;

    /// <summary>INT8 values, -127..127 as symmetric quantisation makes them.</summary>
    public static Operands<sbyte> Int8(GemmShape shape) => Fill<sbyte>(shape, random => (sbyte)random.Next(-127, 128));

    /// <summary>fp32 values from -1 to 1.</summary>
    public static Operands<float> Float(GemmShape shape) => Fill<float>(shape, random => random.NextSingle() * 2 - 1);

    /// <summary>fp16 values from -1 to 1.</summary>
    public static Operands<Half> Halves(GemmShape shape) => Fill<Half>(shape, random => (Half)(random.NextSingle() * 2 - 1));

    private static Operands<T> Fill<T>(GemmShape shape, Func<Random, T> draw)
        where T : unmanaged
    {
        var random = new Random(Seed);
        var operands = new Operands<T>(shape);
        foreach (ref var value in operands.Activations.Span)
            value = draw(random);
        foreach (ref var value in operands.Weights.Span)
            value = draw(random);
        return operands;
    }
}
