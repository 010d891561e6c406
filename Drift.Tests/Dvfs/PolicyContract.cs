using Drift.Dvfs;
using Drift.Kernels;
using NUnit.Framework;

namespace Drift.Tests.Dvfs;

/// <summary>What every policy of the catalogue owes. A new one inherits this by being registered.</summary>
public sealed class PolicyContract
{
    private const int Steps = 20;
    private static readonly OperatingPoint Low = OperatingPoint.Of(.65, 2);
    private static readonly TabulatedErrors Table = TabulatedErrors.Load(DataFolder.Path("operating-points", "paper.csv"));

    private static PolicySettings Settings =>
        new([new PointRule(new SiteRange(), Low)], new LoopSettings(3.219e-3, new Volts(.6), new Volts(.9)), Table) { Steps = Steps };

    [TestCaseSource(typeof(PolicyCatalog), nameof(PolicyCatalog.Names))]
    public void The_same_alarms_give_the_same_points(string name)
    {
        var (one, other) = (Run(name, 5), Run(name, 5));
        Assert.That(other, Is.EqualTo(one));
    }

    [TestCaseSource(typeof(PolicyCatalog), nameof(PolicyCatalog.Names))]
    public void Points_stay_in_range_whatever_the_alarms(string name)
    {
        for (var seed = 0; seed < 5; seed++)
            Assert.That(Run(name, seed).Select(point => (point.Voltage.Value, point.Frequency)), Has.All.Matches<(double Volts, Hertz Clock)>(point => point.Volts is >= .6 and <= .9 && point.Clock == OperatingPoint.Nominal.Frequency));
    }

    [TestCaseSource(typeof(PolicyCatalog), nameof(PolicyCatalog.Names))]
    public void Every_chosen_point_has_a_rate(string name) => Assert.DoesNotThrow(() => Run(name, 1).Distinct().ToList().ForEach(point => ((IErrorRates)Table).At(point)));

    [TestCaseSource(typeof(PolicyCatalog), nameof(PolicyCatalog.Names))]
    public void A_product_without_checks_tells_nothing(string name)
    {
        var (told, untold) = (PolicyCatalog.Open(name, Settings), PolicyCatalog.Open(name, Settings));
        foreach (var site in Sites())
        {
            told.Observe(site, default);
            Assert.That(told.Choose(site), Is.EqualTo(untold.Choose(site)));
        }
    }

    [TestCaseSource(typeof(PolicyCatalog), nameof(PolicyCatalog.Names))]
    public void Asking_twice_changes_nothing(string name)
    {
        var policy = PolicyCatalog.Open(name, Settings);
        foreach (var site in Sites())
        {
            var first = policy.Choose(site);
            Assert.That(policy.Choose(site), Is.EqualTo(first));
        }
    }

    [Test]
    public void A_name_that_is_not_registered_is_refused() => Assert.Throws<ArgumentException>(() => PolicyCatalog.Open("best", Settings));

    private static List<OperatingPoint> Run(string name, int seed)
    {
        var (policy, random, points) = (PolicyCatalog.Open(name, Settings), new Random(seed), new List<OperatingPoint>());
        foreach (var site in Sites())
        {
            points.Add(policy.Choose(site));
            policy.Observe(site, new AlarmCount(random.Next(0, 1024), 1024, 32));
        }

        return points;
    }

    private static IEnumerable<GemmSite> Sites() =>
        from step in Enumerable.Range(0, Steps)
        from block in Enumerable.Range(0, 3)
        from role in new[] { GemmRole.Query, GemmRole.FeedForward1 }
        select new GemmSite(step, block, role);
}
