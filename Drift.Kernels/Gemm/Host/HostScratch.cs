namespace Drift.Kernels;

/// <summary>Memory that one product needs beside its operands, kept between calls. Undefined until written, valid until it is taken again.</summary>
internal sealed unsafe class HostScratch : IDisposable
{
    private NativeBlock? _block;
    private long _capacity;

    /// <summary>At least this many bytes on a cache line's boundary.</summary>
    public byte* Take(long bytes)
    {
        if (_block is null || bytes > _capacity)
        {
            Dispose();
            _block = new NativeBlock(bytes);
            _capacity = bytes;
        }

        return (byte*)_block.Pointer;
    }

    public void Dispose()
    {
        _block?.Dispose();
        _block = null;
    }
}
