using System.Buffers;
using System.IO.MemoryMappedFiles;
using System.Runtime.Intrinsics;
using Drift.Kernels;

namespace Drift.Models;

/// <summary>
/// A tensor that stays in its safetensors file and is read where and when it is needed, as often as it is needed: a network whose weights lie in files costs the memory of the
/// forms that are made of them, not that of the weights besides. Immutable; serves all threads.
/// </summary>
public sealed class StoredTensor
{
    /// <summary>Values mapped at a time.</summary>
    private const int Piece = 1 << 20;

    /// <summary>Values looked at at a time: a megabyte stays in a second-level cache.</summary>
    private const int Examined = 1 << 18;

    private readonly string _name;
    private readonly TensorEntry _entry;
    private readonly long _begin;
    private readonly (long Length, DateTime Written) _stamp;

    internal StoredTensor(string path, string name, TensorEntry entry, long dataStart)
    {
        (Path, _name, _entry, _begin) = (path, name, entry, dataStart + entry.Begin);
        _stamp = Stamp();
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Extents, outermost first.</summary>
    public IReadOnlyList<int> Shape => _entry.Shape;

    /// <summary>Number of values.</summary>
    public long Count => _entry.Count;

    /// <summary>The format's own name of the element type, as <c>F32</c>.</summary>
    public string DataType => _entry.DataType;

    /// <summary>Reads values as fp32.</summary>
    /// <param name="first">The first one, counted row-major.</param>
    /// <param name="values">Takes as many as it holds.</param>
    /// <exception cref="ModelFormatException">The file is gone or was changed since it was opened.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The tensor has fewer values.</exception>
    public void Read(long first, Span<float> values)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first + values.Length, Count, nameof(values));
        if (values.IsEmpty)
            return;
        var size = TensorEntry.ElementBytes(_entry.DataType);
        using var map = Open();
        for (var done = 0; done < values.Length; done += Piece)
        {
            var some = values.Slice(done, Math.Min(Piece, values.Length - done));
            using var stretch = new FileStretch(map, _begin + (first + done) * size, some.Length * size);
            ElementConversion.ToFloat(_entry.DataType, stretch.Bytes, some);
        }
    }

    /// <summary>The bytes of the tensor as they are stored, a piece at a time.</summary>
    /// <param name="take">Called with each piece in turn.</param>
    /// <exception cref="ModelFormatException">The file is gone or was changed since it was opened.</exception>
    public void Visit(Action<ReadOnlySpan<byte>> take)
    {
        ArgumentNullException.ThrowIfNull(take);
        using var map = Open();
        var (end, length) = (_entry.End - _entry.Begin, 0);
        for (var done = 0L; done < end; done += length)
        {
            length = (int)Math.Min(end - done, Piece * sizeof(double));
            using var stretch = new FileStretch(map, _begin + done, length);
            take(stretch.Bytes);
        }
    }

    /// <summary>Refuses NaN and infinity.</summary>
    /// <exception cref="ModelFormatException">A value is neither; the message says which.</exception>
    public void RequireFinite()
    {
        // Rented, for every tensor of a network comes this way.
        var buffer = ArrayPool<float>.Shared.Rent(Examined);
        try
        {
            for (var first = 0L; first < Count; first += Examined)
            {
                var some = buffer.AsSpan(0, (int)Math.Min(Examined, Count - first));
                Read(first, some);
                if (FirstNotFinite(some) is >= 0 and var odd)
                    throw new ModelFormatException($"{Path}: tensor '{_name}' holds {some[odd]} at element {first + odd}; expected finite weights");
            }
        }
        finally
        {
            ArrayPool<float>.Shared.Return(buffer);
        }
    }

    private MemoryMappedFile Open()
    {
        try
        {
            return Stamp() == _stamp ? MemoryMappedFile.CreateFromFile(Path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read)
                : throw new ModelFormatException($"{Path}: the file was changed while it was in use; expected it as it was when it was opened");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelFormatException($"{Path}: cannot be read any more: {e.Message}", e);
        }
    }

    private (long, DateTime) Stamp() => new FileInfo(Path) is { Exists: true } file ? (file.Length, file.LastWriteTimeUtc) : default;

    private static int FirstNotFinite(ReadOnlySpan<float> values)
    {
        var i = 0;
        while (i <= values.Length - VectorMath.Lanes && Vector512.EqualsAll(Vector512.Create(values[i..]) * 0f, Vector512<float>.Zero))
            i += VectorMath.Lanes;
        while (i < values.Length && float.IsFinite(values[i]))
            i++;
        return i < values.Length ? i : -1;
    }
}
