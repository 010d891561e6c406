using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;

namespace Drift.Models;

/// <summary>
/// A safetensors file, mapped into memory a piece at a time: opening checks the whole header and reads no data. Not safe to dispose while another thread reads.
/// </summary>
public sealed class SafetensorsFile : IDisposable
{
    /// <summary>Values mapped at a time.</summary>
    private const int Piece = 1 << 20;

    private readonly MemoryMappedFile _map;
    private readonly OrderedDictionary<string, TensorEntry> _entries;
    private readonly long _dataStart;
    private bool _disposed;

    private SafetensorsFile(string path, FileStream stream)
    {
        Path = path;
        var length = stream.Length;
        _map = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
        try
        {
            ulong header;
            using (var start = new FileStretch(_map, 0, sizeof(ulong)))
                header = BinaryPrimitives.ReadUInt64LittleEndian(start.Bytes);
            if (header > (ulong)(length - sizeof(ulong)) || header > SafetensorsHeader.LongestBytes)
            {
                throw new ModelFormatException($"{path}: the safetensors header claims {header} bytes; the file has {length - sizeof(ulong)} behind the length, " +
                    $"and a header at most {SafetensorsHeader.LongestBytes}");
            }

            _dataStart = sizeof(ulong) + (long)header;
            _entries = SafetensorsHeader.Parse(path, Header((int)header), length - _dataStart);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The tensors, in the order of their data.</summary>
    public IReadOnlyList<string> Names => _entries.Keys;

    /// <summary>Opens and checks a file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ModelFormatException">There is no such file, or it is not a whole and sound safetensors file.</exception>
    public static SafetensorsFile Open(string path)
    {
        try
        {
            // The map keeps the stream and closes it.
            var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1);
            if (stream.Length >= sizeof(ulong))
                return new SafetensorsFile(path, stream);
            stream.Dispose();
            throw new ModelFormatException($"{path}: too short for a safetensors file, which opens with the 8 bytes of its header's length");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ModelFormatException($"{path}: no such file; expected a safetensors file", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelFormatException($"{path}: cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Whether a tensor of this name is there.</summary>
    /// <param name="name">The tensor.</param>
    public bool Contains(string name) => _entries.ContainsKey(name);

    /// <summary>A tensor's extents, outermost first; empty for a scalar.</summary>
    /// <param name="name">The tensor.</param>
    /// <exception cref="ModelFormatException">No tensor has this name.</exception>
    public IReadOnlyList<int> Shape(string name) => Find(name).Shape;

    /// <summary>A tensor's element type, in the format's own words, as <c>F32</c>.</summary>
    /// <param name="name">The tensor.</param>
    /// <exception cref="ModelFormatException">No tensor has this name.</exception>
    public string DataType(string name) => Find(name).DataType;

    /// <summary>The values of a tensor of any element type, as fp32.</summary>
    /// <param name="name">The tensor.</param>
    /// <exception cref="ModelFormatException">No tensor has this name, or it is too large for an array.</exception>
    public float[] ReadFloat(string name)
    {
        var entry = Find(name);
        var values = Allocate<float>(name, entry);
        ForEachPiece(entry, values.Length, (first, bytes) =>
            ElementConversion.ToFloat(entry.DataType, bytes, values.AsSpan(first, bytes.Length / TensorEntry.ElementBytes(entry.DataType))));
        return values;
    }

    /// <summary>A tensor to be read later, and in parts; it outlives this object.</summary>
    /// <param name="name">The tensor.</param>
    /// <exception cref="ModelFormatException">No tensor has this name.</exception>
    public StoredTensor Stored(string name) => new(Path, name, Find(name), _dataStart);

    /// <summary>The values of a tensor of integers (signed, or unsigned up to 32 bits) or truth values.</summary>
    /// <param name="name">The tensor.</param>
    /// <exception cref="ModelFormatException">No tensor has this name, or it holds something else.</exception>
    public long[] ReadInt64(string name) => Find(name).DataType switch
    {
        "I32" => Array.ConvertAll(Copy<int>(name, "I32"), value => (long)value),
        "I16" => Array.ConvertAll(Copy<short>(name, "I16"), value => (long)value),
        "I8" => Array.ConvertAll(Copy<sbyte>(name, "I8"), value => (long)value),
        "U32" => Array.ConvertAll(Copy<uint>(name, "U32"), value => (long)value),
        "U16" => Array.ConvertAll(Copy<ushort>(name, "U16"), value => (long)value),
        "U8" or "BOOL" => Array.ConvertAll(ReadByte(name), value => (long)value),
        _ => Copy<long>(name, "I64"),
    };

    /// <summary>The values of an I32 tensor.</summary>
    /// <param name="name">The tensor.</param>
    /// <exception cref="ModelFormatException">No tensor has this name, or it holds something else.</exception>
    public int[] ReadInt32(string name) => Copy<int>(name, "I32");

    /// <summary>The values of an I8 tensor.</summary>
    /// <param name="name">The tensor.</param>
    /// <exception cref="ModelFormatException">No tensor has this name, or it holds something else.</exception>
    public sbyte[] ReadSByte(string name) => Copy<sbyte>(name, "I8");

    /// <summary>The values of a U8 or BOOL tensor.</summary>
    /// <param name="name">The tensor.</param>
    /// <exception cref="ModelFormatException">No tensor has this name, or it holds something else.</exception>
    public byte[] ReadByte(string name) => Find(name).DataType == "BOOL" ? Copy<byte>(name, "BOOL") : Copy<byte>(name, "U8");

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _map.Dispose();
    }

    private T[] Copy<T>(string name, string dataType)
        where T : unmanaged
    {
        var entry = Find(name);
        if (entry.DataType != dataType)
            throw new ModelFormatException($"{Path}: tensor '{name}' is {entry.DataType}; expected {dataType}");
        var values = Allocate<T>(name, entry);
        ForEachPiece(entry, values.Length, (first, bytes) => MemoryMarshal.Cast<byte, T>(bytes).CopyTo(values.AsSpan(first)));
        return values;
    }

    private void ForEachPiece(TensorEntry entry, int count, Action<int, ReadOnlySpan<byte>> take)
    {
        var size = TensorEntry.ElementBytes(entry.DataType);
        for (var first = 0; first < count; first += Piece)
        {
            using var stretch = new FileStretch(_map, _dataStart + entry.Begin + (long)first * size, Math.Min(Piece, count - first) * size);
            take(first, stretch.Bytes);
        }
    }

    private ReadOnlyMemory<byte> Header(int length)
    {
        if (length == 0)
            return ReadOnlyMemory<byte>.Empty;
        using var header = new FileStretch(_map, sizeof(ulong), length);
        return header.Bytes.ToArray();
    }

    private T[] Allocate<T>(string name, TensorEntry entry) => entry.Count <= Array.MaxLength
        ? GC.AllocateUninitializedArray<T>((int)entry.Count)
        : throw new ModelFormatException($"{Path}: tensor '{name}' has {entry.Count} values; at most {Array.MaxLength} can be read");

    private TensorEntry Find(string name)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _entries.TryGetValue(name, out var entry) ? entry : throw new ModelFormatException($"{Path}: there is no tensor '{name}'");
    }
}
