using Drift.Kernels;
using NUnit.Framework;

namespace Drift.Tests;

public sealed class FaultPlanTests
{
    private static readonly GemmShape Shape = new(40, 70, 1);

    [Test]
    public void Flips_are_found_in_their_block_in_the_order_given()
    {
        var plan = FaultPlan.Of(40, 70, [new(39, 69, 1), new(0, 32, 2), new(0, 0, 3), new(31, 63, 4), new(0, 32, 5)]);
        Assert.That(plan.In(0, 0).ToArray(), Is.EqualTo(new Flip[] { new(0, 0, 3) }));
        Assert.That(plan.In(0, 1).ToArray(), Is.EqualTo(new Flip[] { new(0, 32, 2), new(31, 63, 4), new(0, 32, 5) }));
        Assert.That(plan.In(1, 0).ToArray(), Is.Empty);
        Assert.That(plan.In(1, 2).ToArray(), Is.EqualTo(new Flip[] { new(39, 69, 1) }));
        Assert.That(plan.Starts.ToArray(), Is.EqualTo(new[] { 0, 1, 4, 4, 4, 4, 5 }));
    }

    [TestCase(40, 0, 0)]
    [TestCase(0, 70, 0)]
    [TestCase(-1, 0, 0)]
    [TestCase(0, -1, 0)]
    [TestCase(0, 0, 32)]
    [TestCase(0, 0, -1)]
    public void A_flip_outside_is_rejected(int row, int column, int bit) =>
        Assert.Throws<ArgumentException>(() => FaultPlan.Of(40, 70, [new(row, column, bit)]));

    [Test]
    public void Toggling_inverts_one_bit_a_flip_and_twice_restores()
    {
        using var output = Filled();
        var before = output.Accumulators.ToArray();
        var plan = FaultPlan.Of(40, 70, [new(39, 69, 31), new(3, 4, 0), new(3, 4, 7), new(5, 5, 9), new(5, 5, 9)]);
        plan.Toggle(output);
        Assert.That(output.Row(39)[69], Is.EqualTo(before[(39 * 80) + 69] ^ int.MinValue));
        Assert.That(output.Row(3)[4], Is.EqualTo(before[(3 * 80) + 4] ^ 0x81));
        Assert.That(output.Row(5)[5], Is.EqualTo(before[(5 * 80) + 5]), "two equal flips cancel");
        plan.Toggle(output);
        Assert.That(output.Accumulators.ToArray(), Is.EqualTo(before));
    }

    [TestCase(40, 69)]
    [TestCase(39, 70)]
    [TestCase(40, 71)]
    public void A_plan_for_another_shape_is_rejected(int m, int n)
    {
        using var output = Filled();
        var plan = FaultPlan.Of(m, n, [new(0, 0, 0)]);
        Assert.Throws<ArgumentException>(() => plan.Toggle(output));
    }

    [Test]
    public void The_implied_change_is_the_measured_one([Range(0, 31)] int bit, [Values(0, -1, 0x55555555, int.MinValue)] int clean)
    {
        var flipped = clean ^ new Flip(0, 0, bit).Mask;
        Assert.That(new Flip(0, 0, bit).Delta(flipped), Is.EqualTo(unchecked(flipped - clean)));
    }

    [Test]
    public void The_deltas_of_a_dense_plan_are_the_line_deviations()
    {
        using var output = Filled();
        output.Observe();
        var clean = output.Observed.Rows.ToArray();
        var plan = new FaultPlanner().Draw(5, new GemmSite(0, 0, GemmRole.Key), 40, 70, BitErrorProfile.Uniform(0.5));
        plan.Toggle(output);
        output.Observe();
        var deviations = output.Observed.Rows.ToArray().Zip(clean, (now, was) => now - was).ToArray();
        var implied = new int[deviations.Length];
        foreach (var flip in plan.All)
            implied[(flip.Row * 3) + (flip.Column / 32)] += flip.Delta(output.Row(flip.Row)[flip.Column]);
        Assert.That(deviations, Is.EqualTo(implied));
        Assert.That(implied.Count(d => d != 0), Is.GreaterThan(implied.Length / 2));
    }

    private static GemmOutput Filled()
    {
        var output = new GemmOutput();
        output.Resize(Shape, 80, 40, 32);
        var random = new Random(3);
        foreach (ref var value in output.Accumulators)
            value = random.Next(-100000, 100000);
        return output;
    }
}
