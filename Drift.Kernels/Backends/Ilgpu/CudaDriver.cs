using System.Reflection;
using System.Runtime.InteropServices;
using ILGPU.Runtime.Cuda;

namespace Drift.Kernels.Ilgpu;

/// <summary>Finds NVIDIA's driver for ILGPU, which asks for libcuda.so: a name that comes with the toolkit. The driver alone has libcuda.so.1.</summary>
internal static class CudaDriver
{
    private const string Asked = "cuda", There = "libcuda.so.1";

    /// <summary>Whether ILGPU finds the driver by its own name too, from when this is first read; false where the process has taught it otherwise.</summary>
    public static bool Known { get; } = Teach();

    /// <summary>Loads what ILGPU asks for.</summary>
    /// <param name="name">The name that it asks for.</param>
    /// <param name="assembly">Who asks.</param>
    /// <param name="path">Where the system is to look.</param>
    /// <returns>0 where the usual search is to go on.</returns>
    public static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path) =>
        name == Asked && !NativeLibrary.TryLoad(name, assembly, path, out _) && NativeLibrary.TryLoad(There, out var driver) ? driver : 0;

    private static bool Teach()
    {
        try
        {
            NativeLibrary.SetDllImportResolver(typeof(CudaAPI).Assembly, Resolve);
            return true;
        }
        catch (InvalidOperationException)
        {
            // Somebody else answers for ILGPU in this process.
            return false;
        }
    }
}
