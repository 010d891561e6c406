namespace Drift.Kernels.Ilgpu;

/// <summary>A product that takes its turns on the device.</summary>
internal sealed class DeviceTurns<TOutput>(IlgpuBackend owner, IDisposable product, Action run, Action<TOutput> read) : IDeviceProduct<TOutput>
{
    private bool _disposed;

    /// <inheritdoc/>
    public void Run(int times = 1)
    {
        owner.Use(() =>
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            for (var i = 0; i < times; i++)
                run();
            owner.Synchronize();
        });
    }

    /// <inheritdoc/>
    public void Read(TOutput output)
    {
        owner.Use(() =>
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            read(output);
        });
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        owner.Release(product);
    }
}
