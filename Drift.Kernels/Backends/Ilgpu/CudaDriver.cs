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
    /// <param name="load">Loads a library by its name; 0 where there is none.</param>
    /// <returns>0 where the usual search is to go on.</returns>
    public static nint Resolve(string name, Func<string, nint> load) => name == Asked && load(Asked) == 0 ? load(There) : 0;

    private static bool Teach()
    {
        try
        {
            NativeLibrary.SetDllImportResolver(typeof(CudaAPI).Assembly, static (name, assembly, path) =>
                Resolve(name, asked => NativeLibrary.TryLoad(asked, assembly, path, out var library) ? library : 0));
            return true;
        }
        catch (InvalidOperationException)
        {
            // Somebody else answers for ILGPU in this process.
            return false;
        }
    }
}
