using Drift.Abft;
using Drift.Kernels;
using NUnit.Framework;

namespace Drift.Tests.Abft;

/// <summary>Why a large error escaped, on the worked example of docs/checksum.md.</summary>
internal sealed class SettlementTests
{
    private static readonly sbyte[] A = [1, 2, 3, -4, 5, -6], W = [7, -8, 9, 10, 11, -12];

    private readonly Finding _finding = new();

    [Test]
    public void Flips_that_cancel_on_a_row_are_cancelled() =>
        Assert.That(Kinds(32, new Flip(0, 0, 30), new Flip(0, 1, 30)), Is.EqualTo((0L, 2L, 0L)));

    [Test]
    public void A_flip_that_both_lines_show_was_tolerated() =>
        Assert.That(Kinds(32, new Flip(0, 1, 12)), Is.EqualTo((0L, 0L, 1L)));

    [Test]
    public void Without_sums_every_flip_is_unseen() =>
        Assert.That(Kinds(0, new Flip(0, 0, 30), new Flip(0, 1, 30)), Is.EqualTo((2L, 0L, 0L)));

    [Test]
    public void A_small_error_is_none_of_them() =>
        Assert.That(Kinds(32, new Flip(0, 1, 9)), Is.EqualTo((0L, 0L, 0L)));

    /// <summary>A rule that lets everything pass, so that each large flip is missed.</summary>
    private (long Unseen, long Cancelled, long Tolerated) Kinds(int tile, params Flip[] flips)
    {
        using var backend = new ReferenceBackend();
        using var weights = backend.Prepare(W, 2, 3, tile);
        using var output = new GemmOutput();
        var plan = FaultPlan.Of(2, 2, flips);
        backend.Multiply(new GemmCall(A, 2, 3, weights), plan, output);
        _finding.Reset(2, 2, tile);
        var outcome = new Settlement().Settle(plan, output, _finding, new Corrections(), 1 << 10);
        Assert.That(outcome.Unseen + outcome.Cancelled + outcome.Tolerated, Is.EqualTo(outcome.Missed));
        return (outcome.Unseen, outcome.Cancelled, outcome.Tolerated);
    }
}
