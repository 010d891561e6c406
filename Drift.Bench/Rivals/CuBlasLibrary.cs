using System.Runtime.InteropServices;

namespace Drift.Bench;

/// <summary>
/// Finds cuBLAS: where <see cref="Variable"/> says, else where the system looks, else in the toolkit's usual folder. Libraries are looked for when they are asked for, so none has to be installed.
/// </summary>
/// <param name="Blas">The functions of libcublas.</param>
/// <param name="Light">The functions of libcublasLt; null where it is not beside it.</param>
internal sealed record CuBlasLibrary(Func<string, nint> Blas, Func<string, nint>? Light)
{
    /// <summary>Names the library's file or the folder that it lies in.</summary>
    public const string Variable = "DRIFT_CUBLAS";

    // Versions whose cublasGemmEx takes a cublasComputeType_t: the call here.
    private static readonly string[] Versions = ["13", "12", "11"];

    private static readonly string[] Folders = ["/usr/local/cuda/lib64", "/usr/local/cuda/targets/x86_64-linux/lib"];

    private static string Names => $"libcublas.so.{string.Join(", .", Versions)}";

    /// <summary>The library's own version, such as 13.1.0.</summary>
    public unsafe string Version
    {
        get
        {
            // Major, minor, patch: libraryPropertyType of library_types.h.
            var read = (delegate* unmanaged<int, int*, int>)Blas("cublasGetProperty");
            var numbers = stackalloc int[3];
            for (var part = 0; part < 3; part++)
            {
                if (read(part, numbers + part) != 0)
                    return "unknown";
            }

            return $"{numbers[0]}.{numbers[1]}.{numbers[2]}";
        }
    }

    /// <summary>Looks for it.</summary>
    /// <param name="environment">Reads a variable.</param>
    /// <param name="missing">Why there is none, and what to install; empty where there is.</param>
    /// <returns>Null where there is none.</returns>
    public static CuBlasLibrary? Find(Func<string, string?> environment, out string missing)
    {
        missing = "";
        if (environment(Variable) is { Length: > 0 } place)
        {
            var files = File.Exists(place) ? [Path.GetFullPath(place)] : InFolder(place).ToArray();
            if (files.Length == 0)
                missing = $"{Variable}={place} is neither {Names} nor a folder of one";
            return Load(files, ref missing);
        }

        missing = $"no {Names} here; install NVIDIA's CUDA toolkit or the Python package nvidia-cublas, and set {Variable} to the file or its folder where the system does not find it";
        return Load([.. Versions.Select(version => $"libcublas.so.{version}"), .. Folders.SelectMany(InFolder)], ref missing);
    }

    private static IEnumerable<string> InFolder(string folder) => Versions.Select(version => Path.GetFullPath(Path.Combine(folder, $"libcublas.so.{version}"))).Where(File.Exists);

    /// <summary>The file of libcublasLt that belongs to one of libcublas; null for a file of another name.</summary>
    internal static string? Beside(string file)
    {
        var name = Path.GetFileName(file);
        var light = name.Replace("libcublas.", "libcublasLt.", StringComparison.Ordinal);
        return light == name ? null : Path.Combine(Path.GetDirectoryName(file) ?? "", light);
    }

    private static CuBlasLibrary? Load(IEnumerable<string> files, ref string missing)
    {
        foreach (var file in files)
        {
            // First, so that libcublas, which needs it, takes the one beside it.
            nint lightHandle = 0;
            var hasLight = Beside(file) is { } light && NativeLibrary.TryLoad(light, out lightHandle);
            try
            {
                var blas = NativeLibrary.Load(file);
                missing = "";
                return new(name => NativeLibrary.GetExport(blas, name), hasLight ? name => NativeLibrary.GetExport(lightHandle, name) : null);
            }
            catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
            {
                // A file that is there says more than that nothing was found.
                if (Path.IsPathRooted(file))
                    missing = $"{file} does not load ({ErrorPolicy.Plain(e.Message)}); set {Variable} to {Names} or its folder";
            }
        }

        return null;
    }
}
