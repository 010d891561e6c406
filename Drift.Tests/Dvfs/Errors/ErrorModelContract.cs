using Drift.Dvfs;
using Drift.Kernels;
using NUnit.Framework;

namespace Drift.Tests.Dvfs.Errors;

/// <summary>What every registered error model, bit profile and fault pattern keeps.</summary>
internal sealed class ErrorModelContract
{
    private const double Rate = 0.01;

    /// <summary>Where every model has hits, and none so many that a line is full of them.</summary>
    private static readonly OperatingPoint Undervolted = OperatingPoint.Of(.75, 2);

    public static IEnumerable<TestCaseData> Models => ErrorModels.Names.Select(name =>
        new TestCaseData(ErrorModels.Open(name, DataFolder.Path("operating-points", ErrorModels.FileOf(name)))).SetArgDisplayNames(name));

    public static IEnumerable<string> Patterns => ["independent", "burst:1", "burst:5", "burst:32", "row:7", "column:31", "droop:0.25", "droop:1"];

    private static readonly string[] Bits = ["uniform", "bit:0", "bit:31", "path-delay", "weights.csv"];

    /// <summary>A new pattern or profile that has no example here fails, so that none escapes the contract.</summary>
    [Test]
    public void EveryRegisteredProfileAndPatternHasAnExample()
    {
        Assert.That(FaultPatterns.Names.Where(name => !Patterns.Any(pattern => pattern.StartsWith(name, StringComparison.Ordinal))), Is.Empty);
        Assert.That(BitProfiles.Names.Where(name => !Bits.Any(bits => bits.StartsWith(name, StringComparison.Ordinal) || bits.EndsWith(name, StringComparison.Ordinal))), Is.Empty);
    }

    [TestCaseSource(typeof(ErrorModels), nameof(ErrorModels.Names))]
    public void PastItsEndsAModelAnswersOnlyWhereAskedToAndMarksIt(string name)
    {
        var path = DataFolder.Path("operating-points", ErrorModels.FileOf(name));
        var (usual, onwards) = (ErrorModels.Open(name, path), ErrorModels.Open(name, path, extrapolate: true));
        foreach (var (inside, beyond) in new[] { (.61, .59), (.89, 1.2) })
        {
            Assert.That(usual.Find(OperatingPoint.Of(beyond, 2)), Is.Null);
            Assert.That(onwards.At(OperatingPoint.Of(beyond, 2)).Extrapolated, Is.True, $"{beyond} V");
            Assert.That(onwards.At(OperatingPoint.Of(inside, 2)), Is.EqualTo(usual.At(OperatingPoint.Of(inside, 2))));
        }

        Assert.That(onwards.At(OperatingPoint.Of(.59, 2)).Value, Is.GreaterThan(usual.At(OperatingPoint.Of(.61, 2)).Value).And.LessThanOrEqualTo(1));
    }

    [TestCaseSource(nameof(Models))]
    public void TheNominalPointIsSafe(IErrorRates rates) => Assert.That(rates.At(OperatingPoint.Nominal).Value, Is.Zero);

    [TestCaseSource(nameof(Models))]
    public void RatesAreProbabilitiesThatNeverRiseWithTheVoltageNorFallWithTheClock(IErrorRates rates)
    {
        var last = 1.0;
        for (var millivolts = 500; millivolts <= 1200; millivolts++)
        {
            if (rates.Find(OperatingPoint.Of(millivolts / 1000.0, 2)) is not { } rate)
                continue;
            Assert.That(rate.Value, Is.InRange(0, last), $"{millivolts} mV");
            last = rate.Value;
        }

        Assert.That(last, Is.Zero);
        foreach (var volts in new[] { .62, .7, .8, .9, 1.05 })
        {
            last = 0;
            for (var megahertz = 1600; megahertz <= 4000; megahertz += 5)
            {
                if (rates.Find(OperatingPoint.Of(volts, megahertz / 1000.0)) is not { } rate)
                    continue;
                Assert.That(rate.Value, Is.InRange(last, 1), $"{volts} V, {megahertz} MHz");
                last = rate.Value;
            }
        }
    }

    [TestCaseSource(nameof(Models))]
    public void WhatAModelDoesNotKnowIsAnErrorThatNamesItsRange(IErrorRates rates)
    {
        var error = Assert.Throws<OperatingPointException>(() => rates.At(OperatingPoint.Of(.1, 2)));
        Assert.That(error!.Message, Does.StartWith(rates.Name).And.Contain("0.1 V, 2 GHz").And.Contain(rates.Covered));
        Assert.Throws<OperatingPointException>(() => rates.At(OperatingPoint.Of(double.NaN, 2)));
        Assert.Throws<OperatingPointException>(() => rates.At(OperatingPoint.Of(.9, double.NaN)));
    }

    [Test]
    public void EveryModelWithEveryProfileAndPatternDrawsTheSameTwiceAndNothingWhereItIsSafe()
    {
        var delay = PathDelayFit.To(DataFolder.Path("operating-points", "surface.csv")).Model;
        var table = Path.Combine(TestContext.CurrentContext.WorkDirectory, $"{Guid.NewGuid():N}.csv");
        File.WriteAllText(table, "bit,weight\n3,1\n30,2\n");
        var profiles = Bits.Select(bits => (Name: bits, Profile: BitProfiles.Open(bits == "weights.csv" ? table : bits, () => delay)!)).ToList();
        File.Delete(table);
        var names = ErrorModels.Names.ToDictionary(name => name, name => ErrorModels.Open(name, DataFolder.Path("operating-points", ErrorModels.FileOf(name))));
        foreach (var (name, rates) in names.Append(new("fixed rate", new FixedRate(1e-6, RateUnit.PerMac))))
        {
            foreach (var (bits, pattern) in profiles.SelectMany(_ => Patterns, (b, p) => (b, p)))
            {
                var model = new ErrorModel(rates, bits.Profile, Pattern(pattern));
                Flip[] Draw(ulong seed, OperatingPoint point) => new FaultPlanner().Draw(seed, new GemmSite(3, 2, GemmRole.Key), 640, 500, model.At(point, 12_800)).All.ToArray();
                var (first, weights) = (Draw(5, Undervolted), bits.Profile.WeightsAt(Undervolted));
                Assert.That(Draw(5, OperatingPoint.Nominal), Is.Empty, $"{name} {bits.Name} {pattern}");
                Assert.That(first.Length > 0 && first.All(flip => flip.Bit < weights.Count && weights[flip.Bit] > 0), $"{name} {bits.Name} {pattern}: hits, in bits of the profile");
                Assert.That(Draw(5, Undervolted).SequenceEqual(first), $"{name} {bits.Name} {pattern}: the same seed");
                Assert.That(!Draw(6, Undervolted).SequenceEqual(first), $"{name} {bits.Name} {pattern}: another seed");
            }
        }
    }

    [TestCaseSource(nameof(Patterns))]
    public void APatternKeepsTheMeanRateAndHitsEachElementOnce(string name)
    {
        var pattern = Pattern(name);
        var profile = new BitErrorProfile(Rate, [1]) { Pattern = pattern };
        var planner = new FaultPlanner();
        const int Edge = 256, Sites = 400;
        long hits = 0;
        double squares = 0;
        for (var site = 0; site < Sites; site++)
        {
            var flips = planner.Draw(9, new GemmSite(site, 0, GemmRole.Query), Edge, Edge, profile).All;
            var places = new HashSet<(int, int)>();
            foreach (var flip in flips)
                Assert.That(places.Add((flip.Row, flip.Column)), Is.True);
            hits += flips.Length;
            squares += (double)flips.Length * flips.Length;
        }

        var (mean, expected) = ((double)hits / Sites, Rate * Edge * Edge);
        var error = Math.Sqrt((squares / Sites - mean * mean) / Sites);
        Assert.That(mean, Is.EqualTo(expected).Within(5 * error));
    }

    [TestCaseSource(nameof(Patterns))]
    public void ABlockDoesNotDependOnTheDrawsBeforeIt(string name)
    {
        var pattern = Pattern(name);
        var profile = new BitErrorProfile(.3, [1, 1]) { Pattern = pattern };
        var used = new FaultPlanner();
        used.Draw(1, new GemmSite(8, 1, GemmRole.Key), 300, 200, profile);
        var site = new GemmSite(1, 1, GemmRole.Key);
        Assert.That(used.Draw(2, site, 77, 45, profile).All.ToArray(), Is.EqualTo(new FaultPlanner().Draw(2, site, 77, 45, profile).All.ToArray()));
        var plan = used.Draw(2, site, 77, 45, profile);
        Assert.That(plan.All.ToArray(), Is.All.Matches<Flip>(flip => flip is { Row: < 77 and >= 0, Column: < 45 and >= 0 }));
        for (var row = 0; row < plan.BlockRows; row++)
        {
            for (var column = 0; column < plan.BlockColumns; column++)
                Assert.That(plan.In(row, column).ToArray(), Is.All.Matches<Flip>(flip => flip.Row / 32 == row && flip.Column / 32 == column));
        }
    }

    [TestCase("row:7")]
    [TestCase("column:31")]
    public void ABadLineTakesAllFaults(string name)
    {
        var pattern = Pattern(name);
        var flips = new FaultPlanner().Draw(2, new GemmSite(0, 0, GemmRole.Value), 128, 128, new BitErrorProfile(.02, [1]) { Pattern = pattern }).All.ToArray();
        Assert.That(flips, Is.Not.Empty.And.All.Matches<Flip>(flip => name == "row:7" ? flip.Row % 32 == 7 : flip.Column % 32 == 31));
    }

    [Test]
    public void ADroopHitsConsecutiveBlocksAndTheOthersNot()
    {
        var pattern = Pattern("droop:0.25");
        var profile = new BitErrorProfile(.2, [1]) { Pattern = pattern };
        var starts = new HashSet<int>();
        for (var step = 0; step < 50; step++)
        {
            var plan = new FaultPlanner().Draw(2, new GemmSite(step, 0, GemmRole.Value), 128, 128, profile);
            var hit = Enumerable.Range(0, 16).Where(place => plan.In(place % 4, place / 4).Length > 0).ToList();
            Assert.That(hit, Has.Count.EqualTo(4));
            var start = hit.Single(place => !hit.Contains((place + 15) % 16));
            Assert.That(hit, Is.EquivalentTo(Enumerable.Range(start, 4).Select(place => place % 16)));
            starts.Add(start);
        }

        Assert.That(starts, Has.Count.GreaterThan(8), "each product droops elsewhere");
    }

    [Test]
    public void ABurstIsARunAlongARow()
    {
        var pattern = Pattern("burst:6");
        var plan = new FaultPlanner().Draw(2, new GemmSite(0, 0, GemmRole.Value), 1024, 1024, new BitErrorProfile(1e-4, [1]) { Pattern = pattern });
        var places = plan.All.ToArray().Select(flip => (flip.Row, flip.Column)).ToHashSet();
        Assert.That(places, Is.Not.Empty);
        // At this rate bursts hardly ever meet: each element has the neighbours of a whole run, which goes on at the block's other side.
        var whole = places.Count(place => Enumerable.Range(1, 5).All(i => places.Contains((place.Row, place.Column / 32 * 32 + (place.Column + i) % 32))));
        Assert.That(whole, Is.EqualTo(places.Count / 6.0).Within(3));
    }

    [TestCase("burst")]
    [TestCase("burst:0")]
    [TestCase("burst:33")]
    [TestCase("burst:2.5")]
    [TestCase("row:32")]
    [TestCase("column:-1")]
    [TestCase("droop:0")]
    [TestCase("droop:1.5")]
    [TestCase("storm:1")]
    public void WhatIsNoPatternIsRefused(string text) => Assert.That(FaultPatterns.TryParse(text, out _), Is.False);

    [TestCase("bit:32")]
    [TestCase("bit:-1")]
    [TestCase("bit:")]
    [TestCase("sign")]
    public void WhatIsNoProfileIsRefused(string text) => Assert.That(BitProfiles.Open(text, () => throw new InvalidOperationException()), Is.Null);

    private static IFaultPattern? Pattern(string name) => FaultPatterns.TryParse(name, out var pattern) ? pattern : throw new ArgumentException(name);
}
