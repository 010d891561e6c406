using Drift.Dvfs;
using Drift.Kernels;
using MathNet.Numerics.Distributions;
using NUnit.Framework;

namespace Drift.Tests.Dvfs;

/// <summary>The policies that listen: where they end, how fast, and how far they go astray.</summary>
public sealed class ClosedLoopTests
{
    private const double Target = 3.219e-3, Right = .675;
    private const int Lines = 1024, Tile = 32;
    private static readonly GemmSite Site = new(0, 0, GemmRole.Query);
    private static readonly IErrorRates Table = TabulatedErrors.Load(DataFolder.Path("operating-points", "paper.csv"));
    private static readonly LoopSettings Loop = new(Target, new Volts(.6), new Volts(.9));

    private static IEnumerable<LoopSettings> Impossible() =>
        [Loop with { LargeShare = 0 }, Loop with { LargeShare = 1.1 }, Loop with { Evidence = 0 }, Loop with { Band = 0.9 }, Loop with { Band = double.NaN }, Loop with { Descent = new Volts(0) }, Loop with { Resolution = new Volts(0) }];

    [TestCaseSource(nameof(Impossible)), CancelAfter(10_000)]
    public void A_loop_that_could_not_decide_is_refused(LoopSettings settings) =>
        Assert.That(() => new AdaptivePolicy(Table, settings), Throws.ArgumentException.With.Message.Contains("evidence and a band of at least 1"));

    [TestCase(1.0)]
    [TestCase(10)]
    [TestCase(.1)]
    [TestCase(100)]
    public void The_loop_ends_at_the_right_point_whatever_it_believed(double level)
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var policy = new AdaptivePolicy(Table, Loop, level);
            var path = Drive(policy, 400, seed, Table);
            Assert.That(path[^1], Is.EqualTo(Right).Within(.01));
            Assert.That(path[200..].Min(), Is.GreaterThan(Right - .01), "it stays there");
        }
    }

    [Test]
    public void A_rate_per_bit_is_believed_as_what_it_comes_to_in_an_element()
    {
        var path = Path.Combine(TestContext.CurrentContext.WorkDirectory, $"{Guid.NewGuid():N}.csv");
        IErrorRates As(string unit, Func<double, double> rate, string last = "0.9,2,0")
        {
            var points = Enumerable.Range(60, 26).Select(hundredths => OperatingPoint.Of(hundredths / 100.0, 2));
            File.WriteAllLines(path, [$"volts,gigahertz,{unit}", .. points.Select(point => FormattableString.Invariant($"{point.Voltage.Value},2,{rate(Table.At(point).Value)}")), last]);
            return TabulatedErrors.Load(path);
        }

        var (elements, bits, macs) = (As("rate_per_element", p => p), As("rate_per_bit", p => 1 - Math.Pow(1 - p, 1 / 31.0)), As("rate_per_mac", p => p / 128));
        var below = As("rate_per_mac", p => p / 128, "");
        File.Delete(path);
        Assert.That(new AdaptivePolicy(bits, Loop).Supply, Is.EqualTo(new AdaptivePolicy(elements, Loop).Supply));
        Assert.Throws<ArgumentException>(() => new AdaptivePolicy(macs, Loop));
        Assert.Throws<ArgumentException>(() => new AdaptivePolicy(below, Loop), "a table that ends below the highest supply");
    }

    [Test]
    public void From_above_it_never_goes_more_than_a_descent_too_far()
    {
        for (var seed = 0; seed < 50; seed++)
            Assert.That(Drive(new AdaptivePolicy(Table, Loop, 10), 400, seed, Table).Min(), Is.GreaterThan(Right - Loop.Descent.Value - .0026));
    }

    [Test]
    public void From_below_it_is_out_within_three_products()
    {
        var path = Drive(new AdaptivePolicy(Table, Loop, .1), 10, 1, Table);
        Assert.That((path[0], path[3]), Is.EqualTo((path[0], Math.Clamp(path[3], Right - .01, Right + .01))));
        Assert.That(path[0], Is.LessThan(.63));
    }

    [Test]
    public void Silence_lowers_the_supply_a_descent_at_a_time()
    {
        var policy = new AdaptivePolicy(Table, Loop, 10);
        var before = policy.Supply.Value;
        for (var product = 0; product < 8; product++)
        {
            policy.Observe(Site, new AlarmCount(0, Lines, Tile));
            Assert.That(before - policy.Supply.Value, Is.InRange(0, Loop.Descent.Value + 1e-9));
            before = policy.Supply.Value;
        }

        Assert.That(before, Is.LessThan(new AdaptivePolicy(Table, Loop, 10).Supply.Value));
    }

    [Test]
    public void A_surge_raises_the_supply_while_the_droop_rings()
    {
        var (low, guard) = (OperatingPoint.Of(.65, 2), new Volts(.02));
        var policy = new DroopAwarePolicy(new UniformPolicy(low), guard, 3);
        void See(int flagged) => policy.Observe(Site, new AlarmCount(flagged, Lines, Tile));
        for (var product = 0; product < 10; product++)
            See(60 + product % 3);
        Assert.That(policy.Choose(Site), Is.EqualTo(low), "as usual");
        See(400);
        for (var product = 0; product < 3; product++)
        {
            Assert.That(policy.Choose(Site).Voltage.Value, Is.EqualTo(.67).Within(1e-12));
            See(20);
        }

        Assert.That(policy.Choose(Site), Is.EqualTo(low), "it has rung out");
    }

    [Test]
    public void Nonsense_is_refused()
    {
        Assert.Throws<ArgumentException>(() => _ = new AdaptivePolicy(Table, Loop with { TargetRate = 0 }));
        Assert.Throws<ArgumentException>(() => _ = new AdaptivePolicy(Table, Loop with { Lowest = new Volts(1) }));
        Assert.Throws<ArgumentOutOfRangeException>(() => _ = new DroopAwarePolicy(new UniformPolicy(default), new Volts(0), 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => _ = new DroopAwarePolicy(new UniformPolicy(default), new Volts(.1), 0));
    }

    /// <summary>Products on a chip whose rates are a table's: the supplies that the policy chose.</summary>
    private static double[] Drive(AdaptivePolicy policy, int products, int seed, IErrorRates chip)
    {
        var random = new Random(seed);
        var path = new double[products];
        for (var product = 0; product < products; product++)
        {
            var point = policy.Choose(Site);
            path[product] = point.Voltage.Value;
            var flagged = 1 - Math.Pow(1 - chip.At(point).Value * 21 / 31, Tile);
            policy.Observe(Site, new AlarmCount(Binomial.Sample(random, flagged, Lines), Lines, Tile));
        }

        return path;
    }
}
