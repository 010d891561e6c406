using Drift.Kernels;
using NUnit.Framework;

namespace Drift.Tests;

public sealed class WorkerPoolTests
{
    [Test]
    public void Every_part_is_done_once_and_no_two_at_once_have_a_number()
    {
        var pool = new WorkerPool(4);
        var work = new Counting(1000);
        for (var run = 0; run < 20; run++)
        {
            pool.Run(work, 1000, 3);
            Assert.That(work.Done, Has.All.EqualTo(run + 1));
        }

        Assert.That(work.Clashes, Is.Zero);
        Assert.That(work.LargestWorker, Is.LessThan(4));
    }

    [Test]
    public void Where_callers_fill_the_processors_none_gets_a_helper()
    {
        var pool = new WorkerPool(2);
        using var inside = new CountdownEvent(1);
        using var go = new ManualResetEventSlim();
        var other = new Thread(() => pool.Run(new Waiting(inside, go), 1, 1));
        other.Start();
        inside.Wait();
        var work = new Counting(200);
        pool.Run(work, 200, 2);
        go.Set();
        other.Join();
        Assert.That((work.LargestWorker, work.Done.Sum()), Is.EqualTo((0, 200)));
    }

    [Test]
    public void Numbers_stay_below_the_threads_asked_for_where_another_caller_has_helpers()
    {
        var pool = new WorkerPool(4);
        using var inside = new CountdownEvent(2);
        using var go = new ManualResetEventSlim();
        var other = new Thread(() => pool.Run(new Waiting(inside, go), 2, 2));
        other.Start();
        inside.Wait();
        var work = new Counting(2000);
        pool.Run(work, 2000, 2);
        go.Set();
        other.Join();
        Assert.That((work.LargestWorker, work.Done.Sum()), Is.EqualTo((1, 2000)).Or.EqualTo((0, 2000)));
    }

    [Test]
    public void A_run_allocates_nothing()
    {
        var pool = new WorkerPool(2);
        var work = new Counting(10);
        pool.Run(work, 10, 2);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var run = 0; run < 100; run++)
            pool.Run(work, 10, 2);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    [Test]
    public void What_goes_wrong_in_a_part_is_the_callers()
    {
        var pool = new WorkerPool(2);
        for (var run = 0; run < 10; run++)
            Assert.Throws<InvalidOperationException>(() => pool.Run(new Failing(), 100, 2));
        var work = new Counting(5);
        pool.Run(work, 5, 2);
        Assert.That(work.Done, Has.All.EqualTo(1));
    }

    private sealed class Counting(int parts) : ParallelWork
    {
        private readonly int[] _inside = new int[64];

        public int[] Done { get; } = new int[parts];

        public int Clashes { get; private set; }

        public int LargestWorker { get; private set; }

        protected internal override void Run(int part, int worker)
        {
            if (Interlocked.Increment(ref _inside[worker]) != 1)
                Clashes++;
            Interlocked.Increment(ref Done[part]);
            LargestWorker = Math.Max(LargestWorker, worker);
            Interlocked.Decrement(ref _inside[worker]);
        }
    }

    private sealed class Waiting(CountdownEvent inside, ManualResetEventSlim go) : ParallelWork
    {
        protected internal override void Run(int part, int worker)
        {
            inside.Signal();
            go.Wait();
        }
    }

    private sealed class Failing : ParallelWork
    {
        protected internal override void Run(int part, int worker) => throw new InvalidOperationException($"part {part}");
    }
}
