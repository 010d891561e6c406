using System.Collections.Concurrent;

namespace Drift.Models;

/// <summary>
/// A row of values for each id, of which a run needs few: a large table stays in its file and rows are read once each. Immutable to its users; serves all threads.
/// </summary>
public sealed class EmbeddingTable
{
    /// <summary>Tables up to here are read whole.</summary>
    private const long SmallValues = 1 << 18;

    private readonly StoredTensor? _stored;
    private readonly float[] _whole = [];
    private readonly ConcurrentDictionary<int, float[]> _rows = [];
    private readonly int _width;

    /// <summary>A table in a file.</summary>
    /// <param name="stored">[ids, width]; null for one that is missing, whose rows are zeros until somebody says so.</param>
    /// <param name="width">Values of a row.</param>
    internal EmbeddingTable(StoredTensor? stored, int width)
    {
        _width = width;
        if (stored is { Count: <= SmallValues })
        {
            _whole = new float[stored.Count];
            stored.Read(0, _whole);
        }
        else
        {
            _stored = stored;
        }
    }

    /// <summary>An id's row.</summary>
    /// <param name="id">The id, within the table.</param>
    public ReadOnlySpan<float> Row(int id) => _whole.Length > 0 ? _whole.AsSpan(id * _width, _width) : _rows.GetOrAdd(id, static (key, table) => table.Read(key), this);

    private float[] Read(int id)
    {
        var row = new float[_width];
        _stored?.Read((long)id * _width, row);
        return row;
    }
}
