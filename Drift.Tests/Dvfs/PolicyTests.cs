using Drift.Dvfs;
using Drift.Kernels;
using NUnit.Framework;

namespace Drift.Tests.Dvfs;

internal sealed class PolicyTests
{
    private static readonly OperatingPoint Low = OperatingPoint.Of(.675, 2);

    [TestCase(2)]
    [TestCase(0)]
    [TestCase(5)]
    public void DriftProtectsTheFirstSteps(int safeSteps)
    {
        var policy = new DriftPolicy(Low, safeSteps);
        for (var step = 0; step < 50; step++)
            Assert.That(policy.Choose(new GemmSite(step, 3, GemmRole.Key)), Is.EqualTo(step < safeSteps ? OperatingPoint.Nominal : Low));
    }

    [Test]
    public void DriftProtectsTwoStepsUnlessTold() =>
        Assert.That(Enumerable.Range(0, 50).Count(step => new DriftPolicy(Low).Choose(new GemmSite(step, 0, GemmRole.Query)) == OperatingPoint.Nominal), Is.EqualTo(2));

    [Test]
    public void DriftProtectsTheLastStepsToo()
    {
        var policy = new DriftPolicy(Low, 1, safeLastSteps: 2, steps: 20);
        Assert.That(Enumerable.Range(0, 20).Where(step => policy.Choose(new GemmSite(step, 3, GemmRole.Key)) == OperatingPoint.Nominal), Is.EqualTo(new[] { 0, 18, 19 }));
    }

    [Test]
    public void ARangeIsHitAndNothingElse()
    {
        var policy = new PlacePolicy(Low, new SiteRange(new HashSet<int> { 2, 3 }, new HashSet<int> { 1 }, new HashSet<GemmRole> { GemmRole.Key }).Contains);
        foreach (var (step, block, role, inside) in new[] { (2, 1, GemmRole.Key, true), (3, 1, GemmRole.Key, true), (1, 1, GemmRole.Key, false), (4, 1, GemmRole.Key, false), (2, 0, GemmRole.Key, false), (2, 1, GemmRole.Query, false) })
            Assert.That(policy.Choose(new GemmSite(step, block, role)), Is.EqualTo(inside ? Low : OperatingPoint.Nominal), $"{step} {block} {role}");
        Assert.That(new PlacePolicy(Low, new SiteRange(new HashSet<int> { 2 }).Contains).Choose(new GemmSite(2, 9, GemmRole.Output)), Is.EqualTo(Low));
    }

    [Test]
    public void UniformIsUniformWhateverItObserves()
    {
        var policy = new UniformPolicy(Low);
        policy.Observe(new GemmSite(0, 0, GemmRole.Query), new AlarmCount(1000, 1024, 32));
        Assert.That(policy.Choose(new GemmSite(0, 0, GemmRole.Query)), Is.EqualTo(Low));
    }

    [Test]
    public void ANegativeNumberOfStepsIsRefused() => Assert.Multiple(() =>
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => _ = new DriftPolicy(Low, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => _ = new DriftPolicy(Low, 1, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => _ = new DriftPolicy(Low, 1, 1, -1));
    });

    [Test]
    public void UnitsPrintThemselves()
    {
        Assert.That(Low.ToString(), Is.EqualTo("0.675 V, 2 GHz"));
        Assert.That(new Joules(3) / new Joules(2), Is.EqualTo(1.5));
        Assert.That(new Seconds(3) / new Seconds(2), Is.EqualTo(1.5));
        Assert.That($"{new Joules(1)} {new Seconds(2)} {new Bytes(3)}", Is.EqualTo("1 J 2 s 3 B"));
    }
}
