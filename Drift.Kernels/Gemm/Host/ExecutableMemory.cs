using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Drift.Kernels;

/// <summary>Machine code made at run time: written first, then made read-execute, never both writable and executable. Freed with its owner.</summary>
internal sealed class ExecutableMemory : SafeHandle
{
    private readonly nuint _size;
    private readonly int _offset;

    private ExecutableMemory(nint address, nuint size, int offset)
        : base(nint.Zero, ownsHandle: true)
    {
        (_size, _offset) = (size, offset);
        SetHandle(address);
    }

    /// <inheritdoc/>
    public override bool IsInvalid => handle == nint.Zero;

    /// <summary>Where the code starts.</summary>
    public nint Address => handle + _offset;

    /// <summary>Maps the code.</summary>
    /// <param name="code">Position-independent machine code.</param>
    /// <param name="offset">Bytes of its first page before it, at least 0: code that begins with a page shares its sets of the instruction cache with all other such code.</param>
    /// <exception cref="Win32Exception">The host forbids memory of this kind; the message is the system's.</exception>
    public static ExecutableMemory Load(ReadOnlySpan<byte> code, int offset = 0)
    {
        var size = (nuint)(offset + code.Length);
        var address = Pages.Map(size);
        if (address == nint.Zero)
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        var memory = new ExecutableMemory(address, size, offset);
        unsafe
        {
            code.CopyTo(new Span<byte>((void*)memory.Address, code.Length));
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
