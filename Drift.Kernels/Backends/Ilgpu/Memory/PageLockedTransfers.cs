using ILGPU;
using ILGPU.Runtime;

namespace Drift.Kernels.Ilgpu;

/// <summary>Copies through page-locked memory, which a GPU reads by itself, on a stream beside the kernels'. A number keeps its buffers, so a warm run allocates nothing.</summary>
internal sealed class PageLockedTransfers(string name) : IDeviceTransfers
{
    private readonly IlgpuDevice _device = IlgpuDevice.Open(name, OptimizationLevel.O0);
    private readonly Dictionary<int, Place> _places = [];
    private AcceleratorStream? _stream;

    /// <inheritdoc/>
    public string Name => name;

    private AcceleratorStream Stream => _stream ??= _device.Accelerator.CreateStream();

    /// <inheritdoc/>
    public void Save(int place, ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfZero(bytes.Length, nameof(bytes));
        _device.Accelerator.Bind();
        if (_places.TryGetValue(place, out var kept))
        {
            // The stage may still be on its way.
            Stream.Synchronize();
            if (kept.Stage.Length != bytes.Length)
                kept.Dispose();
        }

        if (kept is null || kept.Stage.Length != bytes.Length)
            _places[place] = kept = new Place(_device.Accelerator, bytes.Length);
        bytes.CopyTo(kept.Stage.Span);
        kept.Memory.View.BaseView.CopyFromPageLockedAsync(Stream, kept.Stage);
    }

    /// <inheritdoc/>
    public void Restore(int place, Span<byte> bytes)
    {
        if (!_places.TryGetValue(place, out var kept) || kept.Stage.Length != bytes.Length)
            throw new ArgumentException($"{name}: no {bytes.Length} bytes were saved under {place}", nameof(place));
        _device.Accelerator.Bind();
        kept.Memory.View.BaseView.CopyToPageLockedAsync(Stream, kept.Stage);
        Stream.Synchronize();
        kept.Stage.Span.CopyTo(bytes);
    }

    /// <inheritdoc/>
    public void Wait() => Stream.Synchronize();

    /// <inheritdoc/>
    public void Dispose()
    {
        _stream?.Synchronize();
        foreach (var (_, place) in _places)
            place.Dispose();
        _places.Clear();
        _stream?.Dispose();
        _device.Dispose();
    }

    /// <summary>A checkpoint on the device, and its page-locked stage on the host.</summary>
    private sealed class Place(Accelerator accelerator, int length) : IDisposable
    {
        public MemoryBuffer1D<byte, Stride1D.Dense> Memory { get; } = accelerator.Allocate1D<byte>(length);

        public PageLockedArray1D<byte> Stage { get; } = accelerator.AllocatePageLocked1D<byte>(length);

        public void Dispose()
        {
            Stage.Dispose();
            Memory.Dispose();
        }
    }
}
