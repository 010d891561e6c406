using System.Runtime.InteropServices;

namespace Drift.Bench;

/// <summary>Memory on a cache line's boundary, so that no side of a pair pays for where the collector happened to put its operands.</summary>
/// <param name="length">Number of values.</param>
internal sealed unsafe class AlignedBuffer<T>(int length) : IDisposable
    where T : unmanaged
{
    private const int Alignment = 64;

    /// <summary>The first value.</summary>
    public T* Pointer { get; private set; } = (T*)NativeMemory.AlignedAlloc((nuint)length * (nuint)sizeof(T), Alignment);

    /// <summary>All values.</summary>
    public Span<T> Span => new(Pointer, length);

    ~AlignedBuffer() => NativeMemory.AlignedFree(Pointer);

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.AlignedFree(Pointer);
        Pointer = null;
        GC.SuppressFinalize(this);
    }
}
