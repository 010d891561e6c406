namespace Drift.Kernels;

/// <summary>
/// Hands parts out so that each thread has a range of its own first, and then helps the others with theirs. The same thread writes the same memory at every call, and finds it in its own
/// caches, not in another core's. A view of its counters: copies count together.
/// </summary>
internal readonly struct OwnParts
{
    // A counter a cache line, lest each thread take the others' away; the first line has the array's length.
    private const int Line = 64 / sizeof(int);

    private readonly int _parts, _threads;
    private readonly int[] _taken;

    /// <summary>Hands out parts.</summary>
    /// <param name="parts">Number of parts: as often a part is asked for.</param>
    /// <param name="threads">Number of threads, at least 1.</param>
    public OwnParts(int parts, int threads)
        : this(parts, threads, new int[(threads + 1) * Line])
    {
    }

    private OwnParts(int parts, int threads, int[] taken) => (_parts, _threads, _taken) = (parts, threads, taken);

    /// <summary>Number of threads.</summary>
    public int Threads => _threads;

    /// <summary>The same counters for another number of parts, before the first one.</summary>
    /// <param name="parts">Number of parts.</param>
    public OwnParts Over(int parts)
    {
        Begin();
        return new(parts, _threads, _taken);
    }

    /// <summary>Before the first part, again.</summary>
    public void Begin() => Array.Clear(_taken);

    /// <summary>A part that nobody has.</summary>
    /// <param name="thread">Who asks, below the number of threads.</param>
    public int Next(int thread)
    {
        for (var owner = thread; ; owner = owner + 1 < _threads ? owner + 1 : 0)
        {
            int first = First(owner), end = First(owner + 1);
            ref var taken = ref _taken[(owner + 1) * Line];
            // A range that is at its end is only looked at, lest its count grow without bounds.
            if (Volatile.Read(ref taken) < end - first && first + Interlocked.Increment(ref taken) - 1 is var part && part < end)
                return part;
        }
    }

    /// <summary>The part that stands as far from the end of its thread's range as another from the beginning.</summary>
    /// <param name="part">The other.</param>
    public int Mirrored(int part)
    {
        // The last thread whose range begins at the part or before it.
        var owner = (int)(((long)(part + 1) * _threads - 1) / _parts);
        return First(owner) + First(owner + 1) - 1 - part;
    }

    private int First(int owner) => (int)((long)_parts * owner / _threads);
}
