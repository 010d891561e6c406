namespace Drift.Kernels;

/// <summary>Shares rows out to threads where there is enough to do. What a row gives does not depend on who works it out.</summary>
internal static class RowShare
{
    // Some 50 microseconds of streaming: waking a thread for less does not pay.
    private const long LeastValuesPerThread = 1 << 16;

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
            Parallel.For(0, workers, new ParallelOptions { MaxDegreeOfParallelism = workers }, w => work((int)((long)rows * w / workers), (int)((long)rows * (w + 1) / workers)));
    }
}
