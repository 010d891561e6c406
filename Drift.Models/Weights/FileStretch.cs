using System.IO.MemoryMappedFiles;

namespace Drift.Models;

/// <summary>A stretch of a file, mapped into memory while it is read. Mapped pages count as the process's own, so no stretch is kept.</summary>
internal sealed unsafe class FileStretch : IDisposable
{
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _start;

    /// <summary>Maps a stretch.</summary>
    /// <param name="map">The file.</param>
    /// <param name="begin">First byte.</param>
    /// <param name="length">Bytes, at least 1.</param>
    public FileStretch(MemoryMappedFile map, long begin, int length)
    {
        _view = map.CreateViewAccessor(begin, length, MemoryMappedFileAccess.Read);
        byte* page = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref page);
        _start = page + _view.PointerOffset;
        Length = length;
    }

    /// <summary>Bytes of it.</summary>
    public int Length { get; }

    /// <summary>The bytes, until it is disposed.</summary>
    public ReadOnlySpan<byte> Bytes => new(_start, Length);

    /// <inheritdoc/>
    public void Dispose()
    {
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
    }
}
