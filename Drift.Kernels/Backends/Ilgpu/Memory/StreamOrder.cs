using System.Runtime.InteropServices;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace Drift.Kernels.Ilgpu;

/// <summary>What is queued on one stream waits for what was queued on another: on the device, the host waits for nothing. ILGPU has streams and no such order.</summary>
internal abstract class StreamOrder
{
    /// <summary>The order of a device's streams.</summary>
    /// <param name="accelerator">The device.</param>
    /// <exception cref="BackendUnavailableException">The driver's library is not there, or lacks a function.</exception>
    public static StreamOrder Of(Accelerator accelerator) => accelerator switch
    {
        CLAccelerator => new OfOpenCL(),
        CudaAccelerator => new OfCuda(),
        _ => new OfSimulator(),
    };

    /// <summary>A mark behind everything that a stream was given so far.</summary>
    /// <param name="stream">The stream.</param>
    public abstract nint Mark(AcceleratorStream stream);

    /// <summary>Holds what a stream is given from now on until a mark is reached.</summary>
    /// <param name="stream">Another stream than the mark's.</param>
    /// <param name="mark">What <see cref="Mark"/> gave, not forgotten yet.</param>
    public abstract void Wait(AcceleratorStream stream, nint mark);

    /// <summary>Gives a mark back; streams that were told to wait for it still do.</summary>
    /// <param name="mark">What <see cref="Mark"/> gave.</param>
    public abstract void Forget(nint mark);

    /// <summary>A driver's function that ILGPU has no name for.</summary>
    private static nint Find(string function, params ReadOnlySpan<string> libraries)
    {
        foreach (var name in libraries)
        {
            if (NativeLibrary.TryLoad(name, out var library) && NativeLibrary.TryGetExport(library, function, out var found))
                return found;
        }

        throw new BackendUnavailableException($"no {string.Join(" or ", libraries.ToArray())} with {function}; expected a whole driver, or checkpoints in the device's own memory");
    }

    private sealed unsafe class OfOpenCL : StreamOrder
    {
        private static readonly string[] Loader = OperatingSystem.IsWindows() ? ["OpenCL"] : ["libOpenCL.so.1", "libOpenCL.so"];

        private readonly delegate* unmanaged<nint, uint, nint*, nint*, CLError> _barrier =
            (delegate* unmanaged<nint, uint, nint*, nint*, CLError>)Find("clEnqueueBarrierWithWaitList", Loader);

        private readonly delegate* unmanaged<nint, CLError> _release = (delegate* unmanaged<nint, CLError>)Find("clReleaseEvent", Loader);

        public override nint Mark(AcceleratorStream stream)
        {
            nint mark;
            var queue = ((CLStream)stream).CommandQueue;
            CLException.ThrowIfFailed(_barrier(queue, 0, null, &mark));
            // What another queue waits for has to be on its way.
            var flushed = CLAPI.CurrentAPI.FlushCommandQueue(queue);
            if (flushed != CLError.CL_SUCCESS)
                _ = _release(mark);
            CLException.ThrowIfFailed(flushed);
            return mark;
        }

        public override void Wait(AcceleratorStream stream, nint mark) => CLException.ThrowIfFailed(_barrier(((CLStream)stream).CommandQueue, 1, &mark, null));

        public override void Forget(nint mark) => CLException.ThrowIfFailed(_release(mark));
    }

    private sealed unsafe class OfCuda : StreamOrder
    {
        private readonly delegate* unmanaged<nint, nint, uint, CudaError> _wait =
            (delegate* unmanaged<nint, nint, uint, CudaError>)Find("cuStreamWaitEvent", OperatingSystem.IsWindows() ? "nvcuda" : "libcuda.so.1");

        public override nint Mark(AcceleratorStream stream)
        {
            CudaException.ThrowIfFailed(CudaAPI.CurrentAPI.CreateEvent(out var mark, CudaEventFlags.CU_EVENT_DISABLE_TIMING));
            var recorded = CudaAPI.CurrentAPI.RecordEvent(mark, ((CudaStream)stream).StreamPtr);
            if (recorded != CudaError.CUDA_SUCCESS)
                _ = CudaAPI.CurrentAPI.DestroyEvent(mark);
            CudaException.ThrowIfFailed(recorded);
            return mark;
        }

        public override void Wait(AcceleratorStream stream, nint mark) => CudaException.ThrowIfFailed(_wait(((CudaStream)stream).StreamPtr, mark, 0));

        public override void Forget(nint mark) => CudaException.ThrowIfFailed(CudaAPI.CurrentAPI.DestroyEvent(mark));
    }

    /// <summary>The simulator has done what it was given when it returns.</summary>
    private sealed class OfSimulator : StreamOrder
    {
        public override nint Mark(AcceleratorStream stream) => 0;

        public override void Wait(AcceleratorStream stream, nint mark)
        {
        }

        public override void Forget(nint mark)
        {
        }
    }
}
