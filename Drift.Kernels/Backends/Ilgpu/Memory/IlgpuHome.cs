using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary>A tensor's memory on an ILGPU device.</summary>
internal sealed class IlgpuHome(IlgpuTensors owner) : TensorHome(owner), IDisposable
{
    private readonly DeviceBuffer _memory = new(owner.Accelerator);

    /// <summary>The values on the device, which were brought there; may be written.</summary>
    public ArrayView<float> View()
    {
        ToDevice();
        return _memory.Take(Length).Cast<float>();
    }

    /// <inheritdoc/>
    public void Dispose() => owner.Release(_memory);

    /// <inheritdoc/>
    protected override void Fetch(float[] values) => owner.Fetch(_memory, values, Length);

    /// <inheritdoc/>
    protected override void Send(float[] values) => owner.Send(_memory, values, Length);
}
