using System.Diagnostics;

namespace Drift.Kernels;

/// <summary>
/// Threads that help products. They live as long as the process, wait a little while awake and then asleep, and are lent to one caller at a time: callers and helpers at work are
/// together as many as the processors: callers that are themselves parallel get none, and a helper goes when its processor is wanted. Nothing is allocated when work runs.
/// </summary>
internal sealed class WorkerPool
{
    // Longer than the pause between the products of a layer, shorter than anybody would notice: waking a sleeping thread takes 50 microseconds.
    private static readonly long Awake = Stopwatch.Frequency / 10_000;
    private readonly Worker[] _workers;
    private readonly int _processors;
    private int _busy;

    /// <summary>Prepares helpers; their threads start when they are first needed.</summary>
    /// <param name="processors">Threads at work at once, callers included, at least 1.</param>
    public WorkerPool(int processors)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(processors, 1);
        _processors = processors;
        _workers = [.. Enumerable.Range(1, processors - 1).Select(_ => new Worker(this))];
    }

    /// <summary>The machine's.</summary>
    public static WorkerPool Shared { get; } = new(Environment.ProcessorCount);

    /// <summary>Most threads that one piece of work can have.</summary>
    public int Processors => _processors;

    /// <summary>Whether more threads are at work than there are processors.</summary>
    internal bool IsCrowded => Volatile.Read(ref _busy) > _processors;

    /// <summary>Does all parts, on this thread and on helpers that are free.</summary>
    /// <param name="work">The work.</param>
    /// <param name="parts">Number of its parts.</param>
    /// <param name="threads">Most threads to use.</param>
    public void Run(ParallelWork work, int parts, int threads)
    {
        work.Begin(parts);
        var wanted = Math.Min(Math.Min(threads, parts), _processors) - 1;
        if (wanted <= 0)
        {
            Interlocked.Increment(ref _busy);
            work.Share(0, this);
            Interlocked.Decrement(ref _busy);
            work.End();
            return;
        }

        var helpers = Math.Max(0, Math.Min(wanted, _processors - Interlocked.Increment(ref _busy)));
        ulong lent = 0;
        // Numbers count the helpers of this work, whichever they are: a caller has memory for as many threads as it asked for.
        var number = 0;
        for (var w = 0; w < _workers.Length && w < 64 && number < helpers; w++)
        {
            if (!_workers[w].TryStart(work, number + 1))
                continue;
            Interlocked.Increment(ref _busy);
            lent |= 1UL << w;
            number++;
        }

        work.Share(0, this);
        for (var w = 0; lent != 0; w++, lent >>= 1)
        {
            if ((lent & 1) == 0)
                continue;
            _workers[w].Finish();
            Interlocked.Decrement(ref _busy);
        }

        Interlocked.Decrement(ref _busy);
        work.End();
    }

    private sealed class Worker(WorkerPool pool)
    {
        private const int Idle = 0, Lent = 1, Given = 2, Working = 3;
        private readonly object _door = new();
        private ParallelWork? _work;
        private Thread? _thread;
        private int _state, _number;
        private bool _asleep;

        /// <summary>Gives it work, unless another caller has it.</summary>
        public bool TryStart(ParallelWork work, int number)
        {
            if (Interlocked.CompareExchange(ref _state, Lent, Idle) != Idle)
                return false;
            (_work, _number) = (work, number);
            Volatile.Write(ref _state, Given);
            if (_thread is null)
            {
                _thread = new Thread(Live) { IsBackground = true, Name = $"drift helper {number}" };
                _thread.Start();
            }

            Interlocked.MemoryBarrier();
            if (Volatile.Read(ref _asleep))
            {
                lock (_door)
                    Monitor.Pulse(_door);
            }

            return true;
        }

        /// <summary>Waits until it is done; takes the work back where it has not begun.</summary>
        public void Finish()
        {
            if (Interlocked.CompareExchange(ref _state, Idle, Given) == Given)
                return;
            var spin = new SpinWait();
            while (Volatile.Read(ref _state) != Idle)
                spin.SpinOnce(sleep1Threshold: -1);
        }

        private void Live()
        {
            while (true)
            {
                WaitForWork();
                // The caller may have taken it back in between.
                if (Interlocked.CompareExchange(ref _state, Working, Given) != Given)
                    continue;
                _work!.Share(_number, pool);
                _work = null;
                Volatile.Write(ref _state, Idle);
            }
        }

        private void WaitForWork()
        {
            var since = Stopwatch.GetTimestamp();
            while (Volatile.Read(ref _state) != Given)
            {
                if (Stopwatch.GetTimestamp() - since < Awake)
                {
                    Thread.SpinWait(4);
                    continue;
                }

                lock (_door)
                {
                    Volatile.Write(ref _asleep, true);
                    Interlocked.MemoryBarrier();
                    while (Volatile.Read(ref _state) != Given)
                        Monitor.Wait(_door);
                    Volatile.Write(ref _asleep, false);
                }
            }
        }
    }
}
