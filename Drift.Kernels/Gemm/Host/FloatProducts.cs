using System.Collections.Concurrent;

namespace Drift.Kernels;

/// <summary>fp32 products for one call at a time each, kept with their memory between calls: as many as ever ran at once.</summary>
internal sealed class FloatProducts : IDisposable
{
    private readonly ConcurrentBag<FloatProduct> _idle = [];

    /// <summary>Those of calls that no backend stands behind; they live as long as the process.</summary>
    public static FloatProducts Shared { get; } = new();

    /// <summary>Lends one until the lease is disposed.</summary>
    public Lease Lend() => new(this, _idle.TryTake(out var product) ? product : new FloatProduct());

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var product in _idle)
            product.Dispose();
    }

    /// <summary>A product on loan.</summary>
    public readonly struct Lease : IDisposable
    {
        private readonly FloatProducts _owner;

        internal Lease(FloatProducts owner, FloatProduct product) => (_owner, Product) = (owner, product);

        /// <summary>The product.</summary>
        public FloatProduct Product { get; }

        /// <summary>Gives it back.</summary>
        public void Dispose()
        {
            Product.Forget();
            _owner._idle.Add(Product);
        }
    }
}
