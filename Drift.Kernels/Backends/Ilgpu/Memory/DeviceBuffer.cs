using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace Drift.Kernels.Ilgpu;

/// <summary>Words on the device that grow when asked for more and never shrink, so that a network allocates nothing once warm.</summary>
internal sealed class DeviceBuffer(Accelerator accelerator) : IDisposable
{
    private MemoryBuffer1D<int, Stride1D.Dense>? _memory;
    private int[] _staging = [];

    /// <summary>The first words, undefined until written. At least one: OpenCL has no empty buffer.</summary>
    public ArrayView<int> Take(int length)
    {
        if (_memory is null || _memory.Length < length)
        {
            _memory?.Dispose();
            _memory = null;
            _memory = Allocate(Math.Max(length, 1));
        }

        return _memory.View.BaseView.SubView(0, Math.Max(length, 1));
    }

    /// <summary>Another buffer of the same device.</summary>
    public DeviceBuffer Beside() => new(accelerator);

    /// <summary>Where the words stand on the device; they stay there until more are asked for.</summary>
    public nint Address => (_memory ?? throw new InvalidOperationException("no words were taken yet")).NativePtr;

    /// <summary>All words that there are.</summary>
    public ArrayView<int> All => _memory is { } memory ? memory.View.BaseView : Take(1);

    /// <summary>Host words to fill before <see cref="Upload"/>. Pinned: ILGPU copies from a bare address while the collector may run.</summary>
    public Span<int> Stage(int length)
    {
        if (_staging.Length < length)
            _staging = GC.AllocateUninitializedArray<int>(length, pinned: true);
        return _staging.AsSpan(0, length);
    }

    /// <summary>Gives the host words back to the collector: weights are sent once.</summary>
    public void DropStage() => _staging = [];

    /// <summary>Sends the first staged words.</summary>
    public ArrayView<int> Upload(int length)
    {
        var view = Take(length);
        view.CopyFromCPU(ref _staging[0], length);
        return view;
    }

    /// <summary>Sends values that stay, zeros behind them, and keeps no stage.</summary>
    /// <param name="values">Values.</param>
    /// <param name="length">Words in all, at least as many.</param>
    public void UploadOnce(ReadOnlySpan<float> values, int length)
    {
        var stage = Stage(length);
        stage.Clear();
        MemoryMarshal.Cast<float, int>(values).CopyTo(stage);
        Upload(length);
        DropStage();
    }

    /// <summary>Sends values that stay, and keeps no stage.</summary>
    /// <param name="fill">Writes them over zeros.</param>
    /// <param name="length">Words in all.</param>
    public void UploadOnce(Filling fill, int length)
    {
        var stage = Stage(length);
        stage.Clear();
        fill(MemoryMarshal.Cast<int, float>(stage));
        Upload(length);
        DropStage();
    }

    /// <summary>Fetches the first words into the stage, once all kernels before are done.</summary>
    public ReadOnlySpan<int> Download(int length)
    {
        var stage = Stage(length);
        Download(stage);
        return stage;
    }

    /// <summary>Fetches the first words into memory that does not move, once all kernels before are done.</summary>
    public void Download(Span<int> target) => Take(target.Length).CopyToCPU(ref MemoryMarshal.GetReference(target), target.Length);

    /// <summary>What is said where a device's memory does not suffice.</summary>
    /// <param name="device">The device.</param>
    /// <param name="needed">Bytes that are needed.</param>
    /// <param name="free">Bytes that are free; null where the driver does not tell.</param>
    /// <param name="total">Bytes of the device.</param>
    internal static string Lacking(string device, long needed, long? free, long total) =>
        $"{device}: out of device memory, {Mebibytes(needed)} are needed at once, {(free is { } left ? $"{Mebibytes(left)} are free of {Mebibytes(total)}" : $"the device has {Mebibytes(total)} in all")};"
        + " expected fewer pictures, a smaller model or the backend host";

    /// <summary>Bytes as messages have them, rounded up.</summary>
    internal static string Mebibytes(long bytes) => $"{(bytes + (1 << 20) - 1) >> 20} MiB";

    private MemoryBuffer1D<int, Stride1D.Dense> Allocate(int length)
    {
        var needed = (long)length * sizeof(int);
        try
        {
            if (needed <= accelerator.MemorySize)
                return accelerator.Allocate1D<int>(length);
        }
        catch (Exception e) when (e is AcceleratorException or OutOfMemoryException)
        {
            throw new BackendUnavailableException(Lacking(accelerator.Name, needed, Free(), accelerator.MemorySize), e) { LacksMemory = true };
        }

        throw new BackendUnavailableException(Lacking(accelerator.Name, needed, Free(), accelerator.MemorySize)) { LacksMemory = true };
    }

    private long? Free() => accelerator is CudaAccelerator cuda ? cuda.GetFreeMemory() : null;

    /// <inheritdoc/>
    public void Dispose()
    {
        _memory?.Dispose();
        _memory = null;
    }
}
