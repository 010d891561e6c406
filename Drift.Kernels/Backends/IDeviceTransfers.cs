namespace Drift.Kernels;

/// <summary>Moves checkpoints between the host and a device's own memory, beside whatever the device computes: through page-locked memory, on a stream of its own. Serves one thread.</summary>
public interface IDeviceTransfers : IDisposable
{
    /// <summary>The device's name.</summary>
    string Name { get; }

    /// <summary>Begins to copy bytes to the device and returns at once; the caller may reuse its memory.</summary>
    /// <param name="place">A checkpoint's number; one that is known is overwritten.</param>
    /// <param name="bytes">What to keep; at least 1 byte.</param>
    void Save(int place, ReadOnlySpan<byte> bytes);

    /// <summary>Copies bytes back, once they have arrived there.</summary>
    /// <param name="place">A number that was saved.</param>
    /// <param name="bytes">Takes them; as long as what was saved.</param>
    /// <exception cref="ArgumentException">Nothing, or another length, was saved under this number.</exception>
    void Restore(int place, Span<byte> bytes);

    /// <summary>Waits for every copy that was begun.</summary>
    void Wait();
}
