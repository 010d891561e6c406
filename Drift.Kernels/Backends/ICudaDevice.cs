namespace Drift.Kernels;

/// <summary>A CUDA device as our kernels use it, for another library's work beside them: the same context, the same queue, the same memory.</summary>
public interface ICudaDevice
{
    /// <summary>The newest version of CUDA that the driver knows, such as 13.0.</summary>
    string Version { get; }

    /// <summary>The stream (CUstream) on which our kernels are queued; 0 is the context's own.</summary>
    nint Stream { get; }

    /// <summary>Does something while the device's context is this thread's, and other threads wait for their turn.</summary>
    /// <param name="work">What; must not keep the context.</param>
    /// <exception cref="BackendUnavailableException">The device failed.</exception>
    void Use(Action work);

    /// <summary>Waits until the device has done all that was queued.</summary>
    /// <exception cref="BackendUnavailableException">The device failed.</exception>
    void Wait();

    /// <summary>Takes memory of the device, on a boundary of 256 bytes; undefined until written.</summary>
    /// <param name="bytes">How many, at least 1.</param>
    /// <exception cref="BackendUnavailableException">The device has too little.</exception>
    ICudaMemory Allocate(int bytes);
}

/// <summary>Memory of a CUDA device.</summary>
public interface ICudaMemory : IDisposable
{
    /// <summary>The first byte (CUdeviceptr).</summary>
    nint Address { get; }

    /// <summary>Sends bytes to the beginning.</summary>
    /// <param name="bytes">No more than there are.</param>
    void Write(ReadOnlySpan<byte> bytes);

    /// <summary>Fetches bytes from the beginning, once all that was queued is done.</summary>
    /// <param name="bytes">Takes them; no more than there are.</param>
    void Read(Span<byte> bytes);
}
