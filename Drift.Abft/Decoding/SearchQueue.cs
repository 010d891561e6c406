using System.Numerics;

namespace Drift.Abft;

/// <summary>
/// The explanations to go on with, fewest flips first and, among those, lowest plane first; and all that were ever queued, by the deviations that they leave. Keeps its memory
/// from tile to tile.
/// </summary>
internal sealed class SearchQueue
{
    /// <summary>How many flips more than the fewest possible are looked at.</summary>
    public const int Span = 12;

    private const int Planes = 33;
    private readonly List<Hypothesis>[] _lists = [.. Enumerable.Range(0, Span * Planes).Select(_ => new List<Hypothesis>())];
    private readonly ulong[] _filled = new ulong[Span];
    private readonly Dictionary<ulong, Hypothesis> _seen = [];
    private readonly List<Hypothesis> _pool = [];
    private int _used;
    private int _first;

    /// <summary>Forgets everything.</summary>
    /// <param name="first">The fewest flips to come.</param>
    public void Reset(int first)
    {
        for (var rank = 0; rank < Span; rank++)
        {
            for (; _filled[rank] != 0; _filled[rank] &= _filled[rank] - 1)
                _lists[rank * Planes + BitOperations.TrailingZeroCount(_filled[rank])].Clear();
        }

        _seen.Clear();
        (_used, _first) = (0, first);
    }

    /// <summary>How many explanations there are.</summary>
    public int Count => _used;

    /// <summary>The explanation that leaves the same deviations as another, or null.</summary>
    public Hypothesis? Like(Hypothesis other) => _seen.TryGetValue(other.Hash, out var known) && known.LeavesTheSameAs(other) ? known : null;

    /// <summary>Keeps a copy and queues it.</summary>
    public void Add(Hypothesis hypothesis)
    {
        if (_used == _pool.Count)
            _pool.Add(new Hypothesis());
        var copy = _pool[_used++];
        copy.CopyFrom(hypothesis);
        _seen[copy.Hash] = copy;
        Queue(copy, copy.Least);
    }

    /// <summary>Queues one of its own under a number of flips; an earlier place in the queue no longer counts. Too many flips: not queued.</summary>
    public void Queue(Hypothesis own, int flips)
    {
        own.Rank = flips - _first;
        if (own.Rank >= Span)
            return;
        var plane = own.LowestPlane;
        _filled[own.Rank] |= 1UL << plane;
        _lists[own.Rank * Planes + plane].Add(own);
    }

    /// <summary>The next explanation and the number of flips that it was queued under; null at the end.</summary>
    public Hypothesis? Take(out int flips)
    {
        for (var rank = 0; rank < Span; rank++)
        {
            while (_filled[rank] != 0)
            {
                var plane = BitOperations.TrailingZeroCount(_filled[rank]);
                var list = _lists[rank * Planes + plane];
                var next = list[^1];
                list.RemoveAt(list.Count - 1);
                if (list.Count == 0)
                    _filled[rank] &= ~(1UL << plane);
                flips = rank + _first;
                if (next.Rank == rank)
                    return next;
            }
        }

        flips = 0;
        return null;
    }
}
