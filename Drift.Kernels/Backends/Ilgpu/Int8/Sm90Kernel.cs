using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace Drift.Kernels.Ilgpu;

/// <summary>
/// Kernels for sm_90a, of which ILGPU compiles all but the head: it targets no architecture above sm_80, and instructions that only one architecture has want that one's own name.
/// </summary>
internal static class Sm90Kernel
{
    private const int MaximumDynamicSharedBytes = 8;

    /// <summary>A kernel's text under the architecture's own name, in the first version of PTX that knows it.</summary>
    public static string Text(string ptx)
    {
        int first = ptx.IndexOf(".version ", StringComparison.Ordinal), end = ptx.IndexOf(".address_size ", StringComparison.Ordinal);
        return $"{ptx[..first]}.version 8.0\n.target sm_90a\n{ptx[end..]}";
    }

    /// <summary>Loads a kernel.</summary>
    /// <param name="accelerator">A GPU of sm_90.</param>
    /// <param name="method">The kernel, which groups its launches itself.</param>
    /// <param name="groups">What the assembler is told.</param>
    /// <param name="sharedBytes">Shared memory that a group asks for: above 48 KiB the driver wants to know beforehand.</param>
    /// <exception cref="CudaException">The driver does not compile it, or has less shared memory.</exception>
    public static Kernel Load(CudaAccelerator accelerator, MethodInfo method, KernelSpecialization groups, int sharedBytes)
    {
        var compiled = (PTXCompiledKernel)accelerator.CompileKernel(EntryPointDescription.FromExplicitlyGroupedKernel(method), groups);
        var kernel = (CudaKernel)accelerator.LoadKernel(New(compiled.Context, EntryOf(compiled), compiled.Info, Text(compiled.PTXAssembly)));
        CudaException.ThrowIfFailed(SetAttribute(kernel.FunctionPtr, MaximumDynamicSharedBytes, sharedBytes));
        return kernel;
    }

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_EntryPoint")]
    private static extern EntryPoint EntryOf(CompiledKernel kernel);

    [UnsafeAccessor(UnsafeAccessorKind.Constructor)]
    private static extern PTXCompiledKernel New(Context context, EntryPoint entryPoint, CompiledKernel.KernelInfo? info, string ptxAssembly);

    /// <summary>CUDA's driver: cuFuncSetAttribute.</summary>
    [DllImport("libcuda.so.1", EntryPoint = "cuFuncSetAttribute")]
    private static extern CudaError SetAttribute(nint function, int attribute, int value);
}
