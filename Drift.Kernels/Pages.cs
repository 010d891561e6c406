using System.Runtime.InteropServices;

namespace Drift.Kernels;

/// <summary>Whole pages of this process alone, asked of the system itself.</summary>
internal static partial class Pages
{
    private const int ProtRead = 1, ProtWrite = 2, ProtExec = 4;
    private const int MapPrivate = 2;

    /// <summary>Whether the system has these calls.</summary>
    public static bool AreAtHand { get; } = OperatingSystem.IsLinux() || OperatingSystem.IsMacOS();

    private static int MapAnonymous => OperatingSystem.IsMacOS() ? 0x1000 : 0x20;

    /// <summary>Pages of zeros, to read and to write; 0 where there are none, with the reason in <see cref="Marshal.GetLastPInvokeError"/>.</summary>
    /// <param name="bytes">Bytes to hold, at least 1.</param>
    public static nint Map(nuint bytes)
    {
        var address = Map(nint.Zero, bytes, ProtRead | ProtWrite, MapPrivate | MapAnonymous, -1, nint.Zero);
        return address == -1 ? nint.Zero : address;
    }

    /// <summary>From now on they hold code and take no writes. False where the system forbids it, with the reason as above.</summary>
    /// <param name="address">Where they begin.</param>
    /// <param name="bytes">Bytes as mapped.</param>
    public static bool TryMakeCode(nint address, nuint bytes) => Protect(address, bytes, ProtRead | ProtExec) == 0;

    /// <summary>Gives them back; false where they were none.</summary>
    /// <param name="address">Where they begin.</param>
    /// <param name="bytes">Bytes as mapped.</param>
    public static bool Free(nint address, nuint bytes) => Unmap(address, bytes) == 0;

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial nint Map(nint address, nuint size, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    private static partial int Protect(nint address, nuint size, int protection);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    private static partial int Unmap(nint address, nuint size);
}
