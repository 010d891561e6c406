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
        if (((delegate* unmanaged<int>)NativeLibrary.GetExport(library, "nvmlInit_v2"))() != 0)
            return null;
        var text = stackalloc byte[LongestVersion];
        var status = ((delegate* unmanaged<byte*, uint, int>)NativeLibrary.GetExport(library, "nvmlSystemGetDriverVersion"))(text, LongestVersion);
        _ = ((delegate* unmanaged<int>)NativeLibrary.GetExport(library, "nvmlShutdown"))();
        return status == 0 ? Marshal.PtrToStringUTF8((nint)text) : null;
    }
}
