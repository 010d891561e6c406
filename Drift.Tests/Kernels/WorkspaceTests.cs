using Drift.Kernels;
using NUnit.Framework;

namespace Drift.Tests;

public sealed class WorkspaceTests
{
    [Test]
    public void A_warm_workspace_allocates_nothing_and_open_scopes_share_nothing()
    {
        var work = new Workspace();
        Use(work);
        Use(work);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Use(work);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);

        using var scope = work.Begin();
        var (outer, inner) = (work.Rent(2, 3), work.Rent(2, 3));
        outer.Span.Fill(1);
        inner.Span.Fill(2);
        Assert.That(outer.Span.ToArray(), Is.All.EqualTo(1f));
    }

    [Test]
    public void A_place_that_grew_lends_its_new_memory_under_every_shape()
    {
        var work = new Workspace();
        using (work.Begin())
            work.Rent(2, 3).Span.Fill(7);
        using (work.Begin())
            work.Rent(4, 6).Span.Fill(5);
        using (work.Begin())
            Assert.That(work.Rent(2, 3).Span.ToArray(), Is.All.EqualTo(5f));
    }

    [Test]
    public unsafe void What_is_lent_begins_at_a_cache_line()
    {
        var work = new Workspace();
        using var scope = work.Begin();
        foreach (var length in new[] { 1, 7, 1000, 100_003, 5 })
        {
            fixed (float* first = work.Rent(length).Span)
                Assert.That((long)first % 64, Is.Zero, $"{length} values");
        }
    }

    private static void Use(Workspace work)
    {
        using var scope = work.Begin();
        work.Rent(2, 3).Span.Fill(1);
        using (work.Begin())
            work.Rent(4, 5).Span.Fill(2);
        using (work.Begin())
            work.Rent(5, 4).Span.Fill(3);
    }
}
