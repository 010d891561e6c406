using System.Runtime.InteropServices;

namespace Drift.Bench;

/// <summary>NVIDIA's driver, as its own management library tells of it.</summary>
internal static unsafe class NvidiaDriver
{
    private const string Library = "libnvidia-ml.so.1";
    private const int LongestVersion = 80;

    /// <summary>The driver's version, such as 580.65.06; null where nothing tells.</summary>
    public static string? Version()
    {
        if (!NativeLibrary.TryLoad(Library, out var library))
            return null;
        if (!NativeLibrary.TryGetExport(library, "nvmlInit_v2", out var begin) || !NativeLibrary.TryGetExport(library, "nvmlSystemGetDriverVersion", out var read)
            || !NativeLibrary.TryGetExport(library, "nvmlShutdown", out var end) || ((delegate* unmanaged<int>)begin)() != 0)
            return null;
        var text = stackalloc byte[LongestVersion];
        var status = ((delegate* unmanaged<byte*, uint, int>)read)(text, LongestVersion);
        _ = ((delegate* unmanaged<int>)end)();
        return status == 0 ? Marshal.PtrToStringUTF8((nint)text) : null;
    }
}
