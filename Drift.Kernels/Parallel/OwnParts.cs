namespace Drift.Kernels;

/// <summary>
/// Hands parts out so that each thread has a range of its own first, and then helps the others with theirs. The same thread writes the same memory at every call, and finds it in its own
/// caches: lines that the other core wrote last cost some 100 nanoseconds each.
/// </summary>
/// <param name="parts">Number of parts: as often a part is asked for.</param>
/// <param name="threads">Number of threads, at least 1.</param>
internal sealed class OwnParts(int parts, int threads)
{
    private readonly int[] _taken = new int[threads];

    /// <summary>Before the first part, again.</summary>
    public void Begin() => Array.Clear(_taken);

    /// <summary>A part that nobody has.</summary>
    /// <param name="thread">Who asks, below the number of threads.</param>
    public int Next(int thread)
    {
        for (var owner = thread; ; owner = owner + 1 < threads ? owner + 1 : 0)
        {
            int first = First(owner), end = First(owner + 1);
            // A range that is at its end is only looked at, lest its count grow without bounds.
            if (Volatile.Read(ref _taken[owner]) < end - first && first + Interlocked.Increment(ref _taken[owner]) - 1 is var part && part < end)
                return part;
        }
    }

    private int First(int owner) => (int)((long)parts * owner / threads);
}
