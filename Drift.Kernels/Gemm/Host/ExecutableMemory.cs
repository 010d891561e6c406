using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Drift.Kernels;

/// <summary>Machine code made at run time: written first, then made read-execute, never both writable and executable. Freed with its owner.</summary>
internal sealed class ExecutableMemory : SafeHandle
{
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

    /// <summary>Maps the code.</summary>
    /// <param name="code">Position-independent machine code.</param>
    /// <exception cref="Win32Exception">The host forbids memory of this kind; the message is the system's.</exception>
    public static ExecutableMemory Load(ReadOnlySpan<byte> code)
    {
        var size = (nuint)code.Length;
        var address = Pages.Map(size);
        if (address == nint.Zero)
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        var memory = new ExecutableMemory(address, size);
        unsafe
        {
            code.CopyTo(new Span<byte>((void*)address, code.Length));
        }

        if (Pages.TryMakeCode(address, size))
            return memory;
        var error = Marshal.GetLastPInvokeError();
        memory.Dispose();
        throw new Win32Exception(error);
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => Pages.Free(handle, _size);
}
