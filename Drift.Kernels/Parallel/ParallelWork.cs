namespace Drift.Kernels;

/// <summary>Work in parts that may run in any order and at the same time.</summary>
internal abstract class ParallelWork
{
    private int _next, _parts;
    private Exception? _failure;

    /// <summary>Does one part.</summary>
    /// <param name="part">Which one.</param>
    /// <param name="worker">Number of the thread that does it, 0 for the caller, below the threads that were asked for: no two that run at once have the same.</param>
    protected internal abstract void Run(int part, int worker);

    /// <summary>Before the first part.</summary>
    internal void Begin(int parts) => (_next, _parts, _failure) = (0, parts, null);

    /// <summary>Does parts until none is left; a helper stops before where callers have come that need its processor.</summary>
    internal void Share(int worker, WorkerPool pool)
    {
        try
        {
            while (worker == 0 || !pool.IsCrowded)
            {
                var part = Interlocked.Increment(ref _next) - 1;
                if (part >= _parts)
                    return;
                Run(part, worker);
            }
        }
        catch (Exception e)
        {
            // The caller throws it; the other threads stop early.
            _failure = e;
            Interlocked.Exchange(ref _next, _parts);
        }
    }

    /// <summary>After the last part: what went wrong is the caller's.</summary>
    internal void End()
    {
        if (_failure is { } failure)
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
    }
}
