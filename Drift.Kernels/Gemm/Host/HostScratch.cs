using System.Runtime.InteropServices;

namespace Drift.Kernels;

/// <summary>Memory that one product needs beside its operands, kept between calls. Undefined until written, valid until it is taken again.</summary>
internal sealed unsafe class HostScratch : IDisposable
{
    private const int Alignment = 64;
    private byte* _memory;
    private nuint _capacity;

    ~HostScratch() => NativeMemory.AlignedFree(_memory);

    /// <summary>At least this many bytes on a cache line's boundary.</summary>
    public byte* Take(long bytes)
    {
        if ((nuint)bytes > _capacity)
        {
            NativeMemory.AlignedFree(_memory);
            _memory = null;
            _capacity = 0;
            _memory = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, Alignment);
            _capacity = (nuint)bytes;
        }

        return _memory;
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(_memory);
        _memory = null;
        _capacity = 0;
        GC.SuppressFinalize(this);
    }
}
