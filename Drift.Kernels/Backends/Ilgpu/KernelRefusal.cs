using System.Reflection;
using ILGPU;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.OpenCL;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace Drift.Kernels.Ilgpu;

/// <summary>Finds the kernel that a driver does not compile, and what the driver said: an exception of ILGPU's tells neither.</summary>
internal static class KernelRefusal
{
    /// <summary>The first kernel that is refused, and the driver's log; null where none is.</summary>
    /// <param name="accelerator">The device.</param>
    public static string? Find(Accelerator accelerator)
    {
        foreach (var (name, (method, groups)) in PtxListing.Kernels)
        {
            if (Refused(accelerator, method, groups) is { } said)
                return $"kernel {name}: {said.Trim()}";
        }

        return null;
    }

    /// <summary>How a kernel is entered: those that a launch groups by itself take an index first.</summary>
    public static EntryPointDescription Entry(MethodInfo method) =>
        method.GetParameters()[0].ParameterType is var index && (index == typeof(Index1D) || index == typeof(Index2D))
            ? EntryPointDescription.FromImplicitlyGroupedKernel(method)
            : EntryPointDescription.FromExplicitlyGroupedKernel(method);

    private static string? Refused(Accelerator accelerator, MethodInfo method, KernelSpecialization groups)
    {
        // Without this one a device multiplies by another family: nobody needs to know why.
        if (method.DeclaringType == typeof(WarpGroupKernel))
            return null;
        try
        {
            return accelerator.CompileKernel(Entry(method), accelerator is CudaAccelerator ? groups : default) switch
            {
                CLCompiledKernel kernel when CLKernel.LoadKernel((CLAccelerator)accelerator, kernel.Name, kernel.Source, kernel.CVersion, out _, out _, out var log) != CLError.CL_SUCCESS => log ?? "",
                PTXCompiledKernel kernel when CudaAPI.CurrentAPI.LoadModule(out _, kernel.PTXAssembly, out var log) != CudaError.CUDA_SUCCESS => log ?? "",
                _ => null,
            };
        }
        catch (Exception e) when (e is AcceleratorException or InternalCompilerException or NotSupportedException)
        {
            // Tensor cores have no text for other devices, which are not asked to run it.
            return method.DeclaringType == typeof(MatrixKernel) ? null : e.GetBaseException().Message;
        }
    }
}
