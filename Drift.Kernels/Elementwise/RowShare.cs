namespace Drift.Kernels;

/// <summary>Shares rows out to threads where there is enough to do. What a row gives does not depend on who works it out.</summary>
internal static class RowShare
{
    // Some 10 microseconds of streaming: the pool's threads are awake for a while after work.
    private const long LeastValuesPerThread = 1 << 16;

    // Parts of a thread: some more than one, so that a thread that others slow down does fewer.
    private const int PartsPerThread = 4;

    /// <summary>Runs work over all rows.</summary>
    /// <param name="rows">How many.</param>
    /// <param name="width">Values of a row.</param>
    /// <param name="threads">Most threads to use, at least 1.</param>
    /// <param name="work">Given the first row and the one behind the last.</param>
    public static void Run(int rows, int width, int threads, Action<int, int> work)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        var workers = (int)Math.Min(Math.Min(threads, rows), Math.Max(1, (long)rows * width / LeastValuesPerThread));
        if (workers <= 1)
            work(0, rows);
        else
            WorkerPool.Shared.Run(new Share(rows, Math.Min(rows, workers * PartsPerThread), work), Math.Min(rows, workers * PartsPerThread), workers);
    }

    private sealed class Share(int rows, int parts, Action<int, int> work) : ParallelWork
    {
        /// <inheritdoc/>
        protected internal override void Run(int part, int worker) => work((int)((long)rows * part / parts), (int)((long)rows * (part + 1) / parts));
    }
}
