using Drift.Kernels;
using NUnit.Framework;

namespace Drift.Tests;

public sealed class OwnPartsTests
{
    [TestCase(16, 2)]
    [TestCase(7, 3)]
    [TestCase(2, 5)]
    public void A_thread_has_its_own_range_first_and_every_part_is_had_once(int parts, int threads)
    {
        var own = new OwnParts(parts, threads);
        for (var run = 0; run < 2; run++)
        {
            own.Begin();
            var last = threads - 1;
            int[] had = [.. Enumerable.Range(0, parts).Select(_ => own.Next(last))];
            Assert.That(had.Order(), Is.EqualTo(Enumerable.Range(0, parts)));
            var first = parts * last / threads;
            Assert.That(had[..(parts - first)], Is.EqualTo(Enumerable.Range(first, parts - first)), "the last thread's own, in order");
        }
    }

    [Test]
    public void Counters_serve_another_number_of_parts()
    {
        var own = new OwnParts(3, 2);
        Assert.That((own.Next(0), own.Threads), Is.EqualTo((0, 2)));
        own = own.Over(5);
        Assert.That(Enumerable.Range(0, 5).Select(_ => own.Next(1)), Is.EqualTo(new[] { 2, 3, 4, 0, 1 }));
    }

    [TestCase(16, 2, new[] { 7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8 })]
    [TestCase(7, 3, new[] { 1, 0, 3, 2, 6, 5, 4 })]
    [TestCase(2, 5, new[] { 0, 1 })]
    public void A_mirrored_part_stands_in_the_same_range(int parts, int threads, int[] mirrored)
    {
        var own = new OwnParts(parts, threads);
        Assert.That(Enumerable.Range(0, parts).Select(own.Mirrored), Is.EqualTo(mirrored));
    }

    [Test]
    public void Threads_that_ask_at_once_share_no_part()
    {
        const int Parts = 3000, Threads = 4;
        var (own, had) = (new OwnParts(Parts, Threads), new int[Parts]);
        Parallel.For(0, Parts, part => Interlocked.Increment(ref had[own.Next(part % Threads)]));
        Assert.That(had, Has.All.EqualTo(1));
    }
}
