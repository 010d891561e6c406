using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;

namespace Drift.Kernels.Ilgpu;

/// <summary>The ways of multiplying INT8 that a device has.</summary>
internal static class KernelFamilies
{
    /// <summary>Names of those that not every device has, the fastest first.</summary>
    public const string WarpGroup = "warp-group", Matrix = "matrix", Dot = "dot";

    /// <summary>Those that a device has beside the direct one, the fastest first; each compiles its kernels when it is asked for.</summary>
    /// <param name="device">The device.</param>
    /// <param name="direct">The direct one, which sums for the dot family.</param>
    /// <param name="group">Items of a group.</param>
    /// <param name="only">The one to take, also where it is not the device's best way; null for all.</param>
    public static IEnumerable<KernelFamily> Of(IlgpuDevice device, DirectFamily direct, int group, string? only)
    {
        var accelerator = device.Accelerator;
        bool Wanted(string name) => only is null || only == name;
        if (device.HasWarpGroups && Wanted(WarpGroup) && Compiled((CudaAccelerator)accelerator) is { } family)
            yield return family;
        if (device.HasTensorCores && Wanted(Matrix))
            yield return new MatrixFamily(accelerator);

        // Blocks of dot products can be tried on every device, in small blocks on the simulator.
        if (only == Dot && accelerator is CPUAccelerator)
            yield return new DotFamily<Block16>(accelerator, direct, group);
        else if (only == Dot || only is null && device.HasByteDots && !device.HasTensorCores)
            yield return new DotFamily<Block128>(accelerator, direct, group);
    }

    /// <summary>A driver that is older than the architecture's own instructions, or goes by another name, runs the GPU all the same.</summary>
    private static WarpGroupFamily? Compiled(CudaAccelerator accelerator)
    {
        try
        {
            return new WarpGroupFamily(accelerator);
        }
        catch (Exception e) when (e is CudaException or DllNotFoundException or EntryPointNotFoundException or MissingMemberException)
        {
            return null;
        }
    }
}
