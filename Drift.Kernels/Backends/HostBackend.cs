using System.Collections.Concurrent;

namespace Drift.Kernels;

/// <summary>
/// The host's SIMD product. Weights are packed once, with two INT8 digits of each tile's line sums as further columns, and two digit rows of the activations' line sums
/// run below them, so that the expected sums come out of the same micro-kernel as the product: sum = 256 x high + low, modulo 2^32.
/// </summary>
public sealed class HostBackend : IGemmBackend
{
    private readonly Int8Kernel _kernel;
    private readonly int _threads;
    private readonly WorkerPool _pool;
    private readonly ConcurrentBag<HostProduct> _products = [];
    private bool _disposed;

    /// <summary>Opens the fastest instruction path of this machine.</summary>
    /// <param name="threads">Threads that one product may use, at least 1.</param>
    /// <param name="instructionPath">Forces an entry of the dispatch table; null for the fastest.</param>
    /// <exception cref="ArgumentException">No entry has this name.</exception>
    /// <exception cref="BackendUnavailableException">The named entry cannot run here.</exception>
    public HostBackend(int threads = 1, string? instructionPath = null)
        : this(threads, instructionPath, WorkerPool.Shared)
    {
    }

    /// <summary>With helpers of its own.</summary>
    internal HostBackend(int threads, string? instructionPath, WorkerPool pool)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        (_threads, _pool) = (threads, pool);
        _kernel = Int8Kernels.Open(instructionPath);
    }

    /// <inheritdoc/>
    public string Name => "host";

    /// <summary>The entry of the dispatch table at work.</summary>
    public string InstructionPath => _kernel.Name;

    /// <summary>Every entry of the dispatch table, with what this machine lacks for it.</summary>
    public static IReadOnlyList<InstructionPath> InstructionPaths => Int8Kernels.Survey();

    /// <inheritdoc/>
    public GemmWeights Prepare(ReadOnlySpan<sbyte> weights, int n, int k, ChecksumTiles tiles)
    {
        if (weights.Length != (long)n * k)
            throw new ArgumentException($"{n} x {k} weights need {(long)n * k} values, the span has {weights.Length}", nameof(weights));
        ObjectDisposedException.ThrowIf(_disposed, this);
        return new HostWeights(_kernel, weights, n, k, tiles);
    }

    /// <inheritdoc/>
    public void Multiply(in GemmCall call, FaultPlan faults, GemmOutput output)
    {
        ArgumentNullException.ThrowIfNull(output);
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (call.Weights is not HostWeights weights || weights.Kernel != _kernel)
            throw new ArgumentException($"weights prepared by another backend than this {Name}", nameof(call));
        ObjectDisposedException.ThrowIf(weights.IsDisposed, weights);
        if (!_products.TryTake(out var product))
            product = new HostProduct();
        try
        {
            product.Run(call, weights, faults, output, _pool, _threads);
        }
        finally
        {
            _products.Add(product);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _disposed = true;
        foreach (var product in _products)
            product.Dispose();
        _kernel.Dispose();
    }
}
