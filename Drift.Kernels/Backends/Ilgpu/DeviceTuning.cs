namespace Drift.Kernels.Ilgpu;

/// <summary>What is chosen for a device. No choice changes a bit.</summary>
/// <param name="GroupSize">Items of a group where the kernel does not say; at least 1.</param>
/// <param name="Float">Family of fp32 products.</param>
internal sealed record DeviceTuning(int GroupSize, FloatForm Float)
{
    /// <summary>As shipped. ILGPU would take the largest group; PoCL keeps the registers of a whole group on one thread's stack: with 4096 items, a crash.</summary>
    /// <param name="gpu">Whether the device is a GPU.</param>
    public static DeviceTuning Shipped(bool gpu) => gpu ? new(128, FloatForm.Block) : new(32, FloatForm.Direct);
}
