using System.IO.MemoryMappedFiles;

namespace Drift.Abft;

/// <summary>
/// Files mapped into memory, in segments that are made when they are needed. A segment is written once from end to end before it is mapped: a disk without room says so there, as an
/// exception, where a page that finds no room later would end the process. The files have no name any more once they are mapped (on Windows: once they are closed), so nothing is left behind.
/// </summary>
/// <param name="folder">Folder of the files; must exist.</param>
/// <param name="segment">Bytes of a segment, at least 1; a larger block has one of its own.</param>
public sealed class MappedFileTier(string folder, int segment = MappedFileTier.DefaultSegment) : ICheckpointTier
{
    /// <summary>Bytes of a segment where nobody says otherwise.</summary>
    public const int DefaultSegment = 16 << 20;

    private readonly BlockPool _pool = new();
    private readonly List<Segment> _segments = [];

    /// <inheritdoc/>
    public string Name => "file";

    /// <inheritdoc/>
    public long Held => _pool.Held;

    /// <inheritdoc/>
    public long Peak => _pool.Peak;

    /// <inheritdoc/>
    /// <exception cref="IOException">The folder takes no more: full, read-only, absent.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    public CheckpointBlock? TryRent(long bytes) => _pool.TryRent(bytes, long.MaxValue, Make);

    /// <inheritdoc/>
    public void Return(CheckpointBlock block) => _pool.Return(block);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var made in _segments)
            made.Dispose();
        _segments.Clear();
    }

    private CheckpointBlock Make(int size)
    {
        if (_segments.Count == 0 || _segments[^1].Left < size)
            _segments.Add(new Segment(folder, Math.Max(size, CheckpointBlock.SizeFor(segment))));
        return new CheckpointBlock(this, _segments[^1].Take(size), size);
    }

    /// <summary>One file, handed out from its beginning.</summary>
    private sealed unsafe class Segment : IDisposable
    {
        private const int Chunk = 1 << 20;

        private readonly MemoryMappedFile _file;
        private readonly MemoryMappedViewAccessor _view;
        private readonly int _size;
        private byte* _next;

        public Segment(string folder, int size)
        {
            _size = Left = size;
            var path = Path.Combine(folder, $"drift-checkpoints-{Environment.ProcessId}-{Guid.NewGuid():N}");
            var stream = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Delete, 0, FileOptions.DeleteOnClose);
            try
            {
                var zeros = new byte[Math.Min(Chunk, size)];
                for (var written = 0; written < size; written += zeros.Length)
                    stream.Write(zeros, 0, Math.Min(zeros.Length, size - written));
                stream.Flush(flushToDisk: false);
                _file = MemoryMappedFile.CreateFromFile(stream, null, size, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: false);
                _view = _file.CreateViewAccessor(0, size);
            }
            catch
            {
                _file?.Dispose();
                stream.Dispose();
                throw;
            }

            if (!OperatingSystem.IsWindows())
                File.Delete(path);
            _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _next);
        }

        /// <summary>Bytes that are not handed out yet.</summary>
        public int Left { get; private set; }

        public nint Take(int size)
        {
            var taken = (nint)_next + _size - Left;
            Left -= size;
            return taken;
        }

        public void Dispose()
        {
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
            _view.Dispose();
            _file.Dispose();
        }
    }
}
