using System.Runtime.InteropServices;

namespace Drift.Kernels;

/// <summary>Memory that one product needs beside its operands, kept between calls.</summary>
internal sealed unsafe class HostScratch : IDisposable
{
    private const int Alignment = 64;
    private sbyte* _memory;
    private nuint _capacity;
    private HostScratch? _further;
    private readonly LineSums _expected = new(), _observed = new();

    ~HostScratch() => NativeMemory.AlignedFree(_memory);

    /// <summary>Sums of coarse tiles, expected and observed, undefined, valid until the next call.</summary>
    public (LineSums Expected, LineSums Observed) CoarseSums(int m, int n, int tile)
    {
        _expected.Resize(m, n, tile);
        _observed.Resize(m, n, tile);
        return (_expected, _observed);
    }

    /// <summary>Further memory beside that of <see cref="Take"/>: created on first use.</summary>
    public HostScratch Further => _further ??= new HostScratch();

    /// <summary>At least this many bytes, undefined, valid until the next call.</summary>
    public sbyte* Take(long bytes)
    {
        if ((nuint)bytes > _capacity)
        {
            NativeMemory.AlignedFree(_memory);
            _memory = null;
            _capacity = 0;
            _memory = (sbyte*)NativeMemory.AlignedAlloc((nuint)bytes, Alignment);
            _capacity = (nuint)bytes;
        }

        return _memory;
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(_memory);
        _memory = null;
        _capacity = 0;
        _further?.Dispose();
        GC.SuppressFinalize(this);
    }
}
