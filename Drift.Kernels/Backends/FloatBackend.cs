namespace Drift.Kernels;

/// <summary>
/// The host's fp32 and bf16 products on several threads, with fault plans and line sums where they are wanted; without either, and on one thread, <see cref="FloatGemm"/> gives the same bits.
/// Safe for use by several threads at once.
/// </summary>
public sealed class FloatBackend : IDisposable
{
    private readonly FloatProducts _products = new();
    private readonly WorkerPool _pool;
    private readonly int _threads;
    private bool _disposed;

    /// <summary>Opens it.</summary>
    /// <param name="threads">Threads that one product may use, at least 1.</param>
    public FloatBackend(int threads = 1)
        : this(threads, WorkerPool.Shared)
    {
    }

    /// <summary>With helpers of its own.</summary>
    internal FloatBackend(int threads, WorkerPool pool)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        (_threads, _pool) = (threads, pool);
    }

    /// <summary>The micro-kernels at work, and why one is not generated code.</summary>
    public static IReadOnlyList<(string Type, string Kernel, string? Why)> Survey() =>
        [.. new[] { ("fp32", DotType.Float), ("bf16", DotType.Bfloat16) }.Select(type => (type.Item1, FloatKernels.Choice(type.Item2).Kernel.Name, FloatKernels.Choice(type.Item2).Why))];

    /// <summary>
    /// C = A W^T; then the plan's flips, of the bits of floats; then, where checks are given, the sums, expected and observed, in the tiles that the weights were packed for; then the bias.
    /// </summary>
    /// <param name="a">A [rows, K], row-major.</param>
    /// <param name="aStride">Values between rows of A, at least K.</param>
    /// <param name="rows">Rows of A, at least 0.</param>
    /// <param name="weights">Packed W.</param>
    /// <param name="bias">N values, or empty for none.</param>
    /// <param name="c">Takes C [rows, N], row-major.</param>
    /// <param name="cStride">Values between rows of C, at least N.</param>
    /// <param name="faults">Flips.</param>
    /// <param name="checks">Takes sums; null for none.</param>
    /// <exception cref="ArgumentException">A span is too short, two overlap, the plan is for another shape, or the weights were packed without tiles and checks are wanted.</exception>
    public void Multiply(ReadOnlySpan<float> a, int aStride, int rows, FloatWeights weights, ReadOnlySpan<float> bias, Span<float> c, int cStride,
        FaultPlan faults = default, FloatChecks? checks = null)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ObjectDisposedException.ThrowIf(_disposed, this);
        FloatGemm.Check(a, aStride, rows, weights, bias, c, cStride);
        faults.RequireShape(rows, weights.N);
        if (checks is not null && weights.Tile == 0)
            throw new ArgumentException("checks need weights that were packed with a tile of at least 1, these have 0", nameof(weights));
        if (rows == 0)
            return;
        using var lease = _products.Lend();
        lease.Product.Run(new FloatOperands { A = a, AStride = aStride, Rows = rows, Bias = bias, C = c, CStride = cStride }, weights, faults, checks, _pool, _threads);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _disposed = true;
        _products.Dispose();
    }
}
