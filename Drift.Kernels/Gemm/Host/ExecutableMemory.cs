using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Drift.Kernels;

/// <summary>Machine code made at run time: written first, then made read-execute, never both writable and executable. Freed with its owner.</summary>
internal sealed partial class ExecutableMemory : SafeHandle
{
    private const int ProtRead = 1, ProtWrite = 2, ProtExec = 4;
    private const int MapPrivate = 2;
    private readonly nuint _size;

    private ExecutableMemory(nint address, nuint size)
        : base(nint.Zero, ownsHandle: true)
    {
        _size = size;
        SetHandle(address);
    }

    /// <inheritdoc/>
    public override bool IsInvalid => handle == nint.Zero;

    /// <summary>Where the code starts.</summary>
    public nint Address => handle;

    private static int MapAnonymous => OperatingSystem.IsMacOS() ? 0x1000 : 0x20;

    /// <summary>Maps the code.</summary>
    /// <param name="code">Position-independent machine code.</param>
    /// <exception cref="Win32Exception">The host forbids memory of this kind; the message is the system's.</exception>
    public static ExecutableMemory Load(ReadOnlySpan<byte> code)
    {
        var size = (nuint)code.Length;
        var address = Map(nint.Zero, size, ProtRead | ProtWrite, MapPrivate | MapAnonymous, -1, nint.Zero);
        if (address == -1)
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        var memory = new ExecutableMemory(address, size);
        unsafe
        {
            code.CopyTo(new Span<byte>((void*)address, code.Length));
        }

        if (Protect(address, size, ProtRead | ProtExec) == 0)
            return memory;
        var error = Marshal.GetLastPInvokeError();
        memory.Dispose();
        throw new Win32Exception(error);
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => Unmap(handle, _size) == 0;

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial nint Map(nint address, nuint size, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    private static partial int Protect(nint address, nuint size, int protection);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    private static partial int Unmap(nint address, nuint size);
}
