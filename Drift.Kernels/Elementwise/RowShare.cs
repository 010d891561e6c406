namespace Drift.Kernels;

/// <summary>Work over rows, any of which can be done before any other.</summary>
internal interface IRowWork
{
    /// <summary>Does some rows.</summary>
    /// <param name="first">The first one.</param>
    /// <param name="end">Behind the last one.</param>
    void Run(int first, int end);
}

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
    /// <param name="backwards">Whether a thread begins with the last of its rows.</param>
    public static void Run(int rows, int width, int threads, Action<int, int> work, bool backwards = false) => Run(rows, width, threads, new Called(work), backwards);

    /// <summary>The same of work that is a value: one thread allocates nothing.</summary>
    /// <param name="rows">How many.</param>
    /// <param name="width">Values of a row.</param>
    /// <param name="threads">Most threads to use, at least 1.</param>
    /// <param name="work">The work.</param>
    /// <param name="backwards">Whether a thread begins with the last of its rows.</param>
    public static void Run<TWork>(int rows, int width, int threads, TWork work, bool backwards = false)
        where TWork : struct, IRowWork
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        var workers = (int)Math.Min(Math.Min(threads, rows), Math.Max(1, (long)rows * width / LeastValuesPerThread));
        if (workers <= 1)
        {
            work.Run(0, rows);
            return;
        }

        var parts = Math.Min(rows, workers * PartsPerThread);
        WorkerPool.Shared.Run(new Share<TWork>(rows, parts, workers, backwards, work), parts, workers);
    }

    private readonly struct Called(Action<int, int> work) : IRowWork
    {
        public void Run(int first, int end) => work(first, end);
    }

    private sealed class Share<TWork>(int rows, int parts, int workers, bool backwards, TWork work) : ParallelWork
        where TWork : struct, IRowWork
    {
        private readonly OwnParts _own = new(parts, workers);

        /// <inheritdoc/>
        protected internal override void Run(int unit, int worker)
        {
            var part = backwards ? _own.Mirrored(_own.Next(worker)) : _own.Next(worker);
            work.Run((int)((long)rows * part / parts), (int)((long)rows * (part + 1) / parts));
        }
    }
}
