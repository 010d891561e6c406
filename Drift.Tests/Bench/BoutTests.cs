using Drift.Bench;
using NUnit.Framework;

namespace Drift.Tests.Bench;

public sealed class BoutTests
{
    private static readonly DuelSettings Shortest = new(TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero, 40, 40);

    [Test]
    public void Either_form_and_the_double_run_as_often_on_several_sets_that_are_given_back()
    {
        List<Counting> plain = [], guarded = [];
        var result = new Bout(Shortest, default).Run(() => Opened(plain), () => Opened(guarded));
        Assert.Multiple(() =>
        {
            Assert.That(result.Rounds, Is.EqualTo(40));
            Assert.That((plain.Count, guarded.Count), Is.EqualTo((6, 3)), "the plain form has a double in each set");
            Assert.That(plain.Sum(side => side.Runs), Is.EqualTo(2 * guarded.Sum(side => side.Runs)));
            Assert.That(plain.Concat(guarded).Select(side => side.Runs), Has.All.GreaterThan(1), "every set is used");
            Assert.That(plain.Concat(guarded).Select(side => side.Disposals), Has.All.EqualTo(1));
            Assert.That(result.Ratio.Lower, Is.LessThanOrEqualTo(result.Ratio.Median));
            Assert.That(result.Ratio.Median, Is.LessThanOrEqualTo(result.Ratio.Upper));
        });
    }

    [Test]
    public void A_form_that_takes_four_times_as_long_is_seen_as_such()
    {
        var result = new Bout(Shortest, default).Run(() => Busy(2_000), () => Busy(8_000));
        Assert.Multiple(() =>
        {
            Assert.That(result.Guarded, Is.GreaterThan(result.Plain));
            Assert.That(result.Ratio.Median, Is.LessThan(result.Control.Median));
        });
    }

    [Test]
    public void What_was_opened_is_given_back_where_a_form_fails()
    {
        List<Counting> plain = [];
        Assert.Throws<InvalidOperationException>(() => new Bout(Shortest, default).Run(() => Opened(plain), () => throw new InvalidOperationException()));
        Assert.That(plain.Select(side => side.Disposals), Is.EqualTo(new[] { 1, 1 }));
    }

    private static Counting Opened(List<Counting> all)
    {
        all.Add(new Counting());
        return all[^1];
    }

    private static OurContender Busy(int steps) => new("busy", () => Spin(steps), () => []);

    private static void Spin(int steps)
    {
        for (var i = 0; i < steps; i++)
            Thread.MemoryBarrier();
    }

    private sealed class Counting : IContender
    {
        public string Name => "counting";

        public int Runs { get; private set; }

        public int Disposals { get; private set; }

        public void Run() => Runs++;

        public double[] Values() => [];

        public void Dispose() => Disposals++;
    }
}
