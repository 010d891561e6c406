namespace Drift.Bench;

/// <summary>Several products at the same time, each on a thread of its own, that share nothing but the machine. The caller owns them.</summary>
/// <typeparam name="TOut">Type of the products' values.</typeparam>
internal sealed class ProductsApart<TOut> : IProduct<TOut>
    where TOut : unmanaged
{
    private readonly IReadOnlyList<IProduct<TOut>> _products;
    private readonly List<Thread> _threads;
    private long _round;
    private int _left;
    private bool _over;

    /// <summary>Starts the threads.</summary>
    /// <param name="products">The products; the first runs on the caller's thread.</param>
    public ProductsApart(IReadOnlyList<IProduct<TOut>> products)
    {
        _products = products;
        _threads = [.. products.Skip(1).Select(product => new Thread(() => Live(product)) { IsBackground = true })];
        foreach (var thread in _threads)
            thread.Start();
    }

    /// <inheritdoc/>
    public string Name => _products[0].Name;

    /// <summary>Each product once. Threads wait awake, so that what is timed is products.</summary>
    public void Run()
    {
        Volatile.Write(ref _left, _threads.Count);
        Interlocked.Increment(ref _round);
        _products[0].Run();
        while (Volatile.Read(ref _left) > 0)
            Thread.SpinWait(4);
    }

    /// <inheritdoc/>
    public ReadOnlySpan<TOut> Row(int row) => _products[0].Row(row);

    /// <inheritdoc/>
    public void Dispose()
    {
        Volatile.Write(ref _over, true);
        foreach (var thread in _threads)
            thread.Join();
    }

    private void Live(IProduct<TOut> product)
    {
        var done = 0L;
        while (!Volatile.Read(ref _over))
        {
            if (Interlocked.Read(ref _round) == done)
            {
                Thread.SpinWait(4);
                continue;
            }

            product.Run();
            done++;
            Interlocked.Decrement(ref _left);
        }
    }
}
