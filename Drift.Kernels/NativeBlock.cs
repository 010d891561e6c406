using System.Runtime.InteropServices;

namespace Drift.Kernels;

/// <summary>
/// Memory outside the managed heap, undefined until written, freed with its owner. A large block is pages of its own and leaves the process when it is freed. From malloc it would not:
/// glibc serves blocks of up to 32 MiB from the arena of the thread that asks once it has seen such a one freed, and keeps them there, so that a process that draws again and again
/// gathers what each of its threads once needed.
/// </summary>
internal sealed unsafe class NativeBlock : SafeHandle
{
    private const int Alignment = 64;

    // Rounding up to pages is little of it, and mapping costs little beside filling it.
    private const nuint LeastOfItsOwn = 32 << 10;
    private readonly nuint _mapped;

    /// <summary>Takes it.</summary>
    /// <param name="bytes">Bytes, at least 0.</param>
    /// <exception cref="OutOfMemoryException">The system has no such block.</exception>
    public NativeBlock(long bytes)
        : base(nint.Zero, ownsHandle: true)
    {
        var size = checked((nuint)bytes);
        if (Pages.AreAtHand && size >= LeastOfItsOwn)
            SetHandle(Pages.Map(_mapped = size));
        if (!IsInvalid)
            return;
        _mapped = 0;
        SetHandle((nint)NativeMemory.AlignedAlloc(size, Alignment));
    }

    /// <inheritdoc/>
    public override bool IsInvalid => handle == nint.Zero;

    /// <summary>Its first byte, on a boundary of 64; valid until it is disposed.</summary>
    /// <exception cref="ObjectDisposedException">It was.</exception>
    public void* Pointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(IsClosed, this);
            return (void*)handle;
        }
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        if (_mapped != 0)
            return Pages.Free(handle, _mapped);
        NativeMemory.AlignedFree((void*)handle);
        return true;
    }
}
