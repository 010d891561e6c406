using Drift.Kernels;
using NUnit.Framework;

namespace Drift.Tests;

public sealed class FaultPlannerTests
{
    private static readonly GemmSite Site = new(7, 3, GemmRole.FeedForward1, 1);

    [Test]
    public void A_plan_depends_on_nothing_that_was_drawn_before()
    {
        var profile = BitErrorProfile.Uniform(0.05);
        var fresh = new FaultPlanner().Draw(9, Site, 100, 70, profile).All.ToArray();
        var used = new FaultPlanner();
        used.Draw(1, Site with { Step = 8 }, 300, 200, BitErrorProfile.Uniform(0.9));
        used.Draw(9, Site, 64, 64, BitErrorProfile.Single(0.5, 4));
        Assert.That(used.Draw(9, Site, 100, 70, profile).All.ToArray(), Is.EqualTo(fresh));
        Assert.That(used.Draw(9, Site, 100, 70, profile).All.ToArray(), Is.EqualTo(fresh));
    }

    [Test]
    public void A_whole_block_is_the_same_in_a_larger_product()
    {
        var profile = BitErrorProfile.Uniform(0.1);
        FaultPlanner small = new(), large = new();
        var inner = small.Draw(9, Site, 64, 96, profile);
        var outer = large.Draw(9, Site, 75, 130, profile);
        for (var i = 0; i < 2; i++)
        {
            for (var j = 0; j < 3; j++)
                Assert.That(outer.In(i, j).ToArray(), Is.EqualTo(inner.In(i, j).ToArray()).And.Not.Empty, $"block ({i}, {j})");
        }
    }

    [Test]
    public void Every_part_of_the_key_changes_the_plan()
    {
        var profile = BitErrorProfile.Uniform(0.1);
        Flip[][] plans =
        [
            Draw(9, Site),
            Draw(10, Site),
            Draw(9 + (1ul << 32), Site),
            Draw(9, Site with { Step = 3, Block = 7 }),
            Draw(9, Site with { Block = 4 }),
            Draw(9, Site with { Role = GemmRole.FeedForward2 }),
            Draw(9, Site with { Index = 2 }),
            Draw(9, new GemmSite(1, (int)GemmRole.FeedForward1, (GemmRole)7, 3)),
        ];
        Assert.That(plans.Select(p => string.Join(";", p)).Distinct().Count(), Is.EqualTo(plans.Length));

        Flip[] Draw(ulong seed, GemmSite site) => new FaultPlanner().Draw(seed, site, 32, 32, profile).All.ToArray();
    }

    [Test]
    public void Blocks_of_one_product_differ()
    {
        var plan = new FaultPlanner().Draw(9, Site, 64, 64, BitErrorProfile.Uniform(0.1));
        var blocks = new List<string>();
        for (var i = 0; i < 2; i++)
        {
            for (var j = 0; j < 2; j++)
                blocks.Add(string.Join(";", plan.In(i, j).ToArray().Select(f => (f.Row % 32, f.Column % 32, f.Bit))));
        }

        Assert.That(blocks, Is.Unique);
    }

    [Test]
    public void Positions_are_distinct_sorted_and_inside_ragged_blocks(
        [Values(0.0032, 0.4, 0.6, 0.999, 1)] double rate, [Values("1 x 1", "37 x 65", "31 x 33", "64 x 64")] string shape)
    {
        var (m, n) = shape.Split(" x ").Select(int.Parse).ToArray() is [var rows, var columns] ? (rows, columns) : default;
        var plan = new FaultPlanner().Draw(4, Site, m, n, BitErrorProfile.Uniform(rate));
        var counted = 0;
        for (var i = 0; i < plan.BlockRows; i++)
        {
            for (var j = 0; j < plan.BlockColumns; j++)
            {
                var flips = plan.In(i, j).ToArray();
                counted += flips.Length;
                Assert.That(flips.Select(f => (f.Row, f.Column)), Is.Unique.And.Ordered);
                Assert.That(flips.All(f => f.Row / 32 == i && f.Column / 32 == j && f.Row < m && f.Column < n), $"block ({i}, {j})");
            }
        }

        Assert.That(counted, Is.EqualTo(plan.Count));
        if (rate == 1)
            Assert.That(plan.Count, Is.EqualTo(m * n), "every element is hit");
    }

    [Test]
    public void Rate_0_gives_no_plan() => Assert.That(new FaultPlanner().Draw(1, Site, 64, 64, BitErrorProfile.Uniform(0)).Starts.ToArray(), Is.Empty);

    [Test]
    public void A_single_bit_profile_hits_that_bit_alone([Values(0, 10, 31)] int bit)
    {
        var plan = new FaultPlanner().Draw(1, Site, 64, 64, BitErrorProfile.Single(0.2, bit));
        Assert.That(plan.All.ToArray().Select(f => f.Bit).Distinct(), Is.EqualTo(new[] { bit }));
    }

    [TestCase(65536, 0, 0)]
    [TestCase(0, 65536, 0)]
    [TestCase(0, 0, 65536)]
    [TestCase(-1, 0, 0)]
    [TestCase(0, -1, 0)]
    [TestCase(0, 0, -1)]
    public void A_site_that_does_not_fit_the_key_is_rejected(int step, int block, int index) => Assert.Throws<ArgumentOutOfRangeException>(
        () => new FaultPlanner().Draw(1, new GemmSite(step, block, GemmRole.Query, index), 4, 4, BitErrorProfile.Uniform(0.1)));

    [Test]
    public void The_largest_site_fits() => Assert.DoesNotThrow(
        () => new FaultPlanner().Draw(1, new GemmSite(65535, 65535, (GemmRole)65535, 65535), 4, 4, BitErrorProfile.Uniform(0.1)));
}
