using System.Globalization;
using Drift.Dvfs;
using NUnit.Framework;

namespace Drift.Tests.Dvfs.Errors;

/// <summary>The shipped surface against the paper's tables and isolines, and the path-delay model against both.</summary>
internal sealed class SurfaceTests
{
    private static readonly string File = DataFolder.Path("operating-points", "surface.csv");
    private readonly IErrorRates _surface = VoltageFrequencySurface.Load(File);
    private readonly IErrorRates _lines = TabulatedErrors.Load(DataFolder.Path("operating-points", "paper.csv"));

    /// <summary>The paper's isolines, typed in a second time from facts.md.</summary>
    private static readonly (double Rate, (double Volts, double Gigahertz)[] Points)[] Isolines =
    [
        (1e-6, [(.759, 1.60), (.844, 1.97), (.904, 2.25), (1.007, 2.72), (1.10, 3.05)]),
        (1e-4, [(.719, 1.60), (.802, 2.01), (.900, 2.53), (1.00, 3.01), (1.10, 3.42)]),
        (1e-3, [(.615, 1.60), (.696, 1.99), (.755, 2.36), (.847, 2.99), (.903, 3.39), (.934, 3.60)]),
    ];

    [Test]
    public void EveryPointOfTheTablesComesBackExactly()
    {
        foreach (var line in System.IO.File.ReadLines(DataFolder.Path("operating-points", "paper.csv")).Skip(1).Concat(System.IO.File.ReadLines(File).Skip(1)))
        {
            var fields = line.Split(',').Take(3).Select(field => double.Parse(field, CultureInfo.InvariantCulture)).ToArray();
            Assert.That(_surface.At(OperatingPoint.Of(fields[0], fields[1])).Value, Is.EqualTo(fields[2]), line);
        }
    }

    [Test]
    public void TheIsolinesLieWithinTheTablesRounding()
    {
        // Voltages to a millivolt, clocks to 10 MHz.
        foreach (var (rate, points) in Isolines)
        {
            foreach (var (volts, gigahertz) in points)
            {
                var clock = Isoline.Clock(_surface, rate, new Volts(volts), Hertz.FromGigahertz(1.59999999), Hertz.FromGigahertz(3.6))
                    ?? Isoline.Clock(_surface, rate, new Volts(volts), Hertz.FromGigahertz(1.6), Hertz.FromGigahertz(3.6));
                Assert.That(clock!.Value.Gigahertz, Is.EqualTo(gigahertz).Within(.005), $"{rate} at {volts} V");
            }
        }
    }

    [TestCase(1e-6, .8444)]
    [TestCase(1e-5, .8388)]
    [TestCase(1e-4, .7993)]
    [TestCase(3e-4, .7457)]
    [TestCase(1e-3, .6970)]
    [TestCase(3e-3, .6764)]
    [TestCase(1e-2, .6520)]
    [TestCase(3e-2, .6187)]
    public void ThePapersInverseTable(double rate, double volts) => Assert.That(_surface.At(OperatingPoint.Of(volts, 2)).Value, Is.EqualTo(rate));

    [Test]
    public void BetweenTheTablesPointsItKeepsCloseToTheLines()
    {
        // The paper's two voltage tables differ by up to 1.9 mV, 0.06 decades; the surface holds both, the line the first.
        for (var volts = .6; volts < .84; volts += 1e-3)
            Assert.That(Math.Log10(_surface.At(OperatingPoint.Of(volts, 2)).Value / _lines.At(OperatingPoint.Of(volts, 2)).Value), Is.EqualTo(0).Within(.06), $"{volts} V");
        for (var clock = 2.05; clock < 4.017; clock += 1e-3)
            Assert.That(Math.Log10(_surface.At(OperatingPoint.Of(.9, clock)).Value / _lines.At(OperatingPoint.Of(.9, clock)).Value), Is.EqualTo(0).Within(.025), $"{clock} GHz");
    }

    [Test]
    public void OverTheWholePlaneTheRateIsMonotone()
    {
        for (var volts = .6; volts < 1.1; volts += .005)
        {
            for (var clock = 1.6; clock < 3.59; clock += .01)
            {
                double At(double v, double f) => _surface.Find(OperatingPoint.Of(v, f))?.Value ?? double.PositiveInfinity;
                Assert.That(At(volts, clock), Is.LessThanOrEqualTo(At(volts, clock + .01)).And.GreaterThanOrEqualTo(At(Math.Min(1.1, volts + .005), clock)), $"{volts} V, {clock} GHz");
            }
        }
    }

    [TestCase(.65, 3.0)]
    [TestCase(.9, 4.02)]
    [TestCase(.91, 3.61)]
    [TestCase(1.101, 2)]
    [TestCase(.8, 1.59)]
    public void PastItsEdgesItAnswersOnlyWhenAskedAndSaysSo(double volts, double gigahertz)
    {
        var point = OperatingPoint.Of(volts, gigahertz);
        Assert.Throws<OperatingPointException>(() => _surface.At(point));
        var rate = ((IErrorRates)VoltageFrequencySurface.Load(File, extrapolate: true)).At(point);
        Assert.That(rate.Extrapolated, Is.True);
        Assert.That(rate.Value, Is.InRange(0, 1));
        Assert.That(((IErrorRates)VoltageFrequencySurface.Load(File, extrapolate: true)).At(OperatingPoint.Of(.675, 2)), Is.EqualTo(new ErrorRate(3.219e-3)), "inside nothing changes");
    }

    [Test]
    public void ALineGoesOnAsItEnds()
    {
        IErrorRates table = TabulatedErrors.Load(DataFolder.Path("operating-points", "paper.csv"), extrapolate: true);
        // From 0.61 V to 0.60 V the rate grows by 4.588 / 3.591; another 10 mV lower it does so again.
        Assert.That(table.At(OperatingPoint.Of(.59, 2)).Value, Is.EqualTo(4.588e-2 * 4.588 / 3.591).Within(1e-9));
        Assert.That(table.At(OperatingPoint.Of(.1, 2)), Is.EqualTo(new ErrorRate(1, RateUnit.PerElement, true)));
        Assert.That(table.At(OperatingPoint.Of(1.2, 2)), Is.EqualTo(new ErrorRate(0, RateUnit.PerElement, true)));
        Assert.Throws<OperatingPointException>(() => table.At(OperatingPoint.Of(.8, 2.5)), "off both lines there is nothing to go on from");
    }

    [Test]
    public void ThePathDelayModelIsFittedToTheTable()
    {
        var fit = PathDelayFit.To(File);
        Assert.That(fit.Points, Is.EqualTo(57));
        Assert.That(fit.Decades, Is.LessThan(.28), "a typical factor below 2, over six decades");
        Assert.That(fit.Model.Threshold.Value, Is.InRange(.2, .5));
        Assert.That(fit.Model.Exponent, Is.InRange(1, 2));
    }

    [Test]
    public void HighBitsFailFirst()
    {
        var model = PathDelayFit.To(File).Model;
        var shares = new List<double>();
        foreach (var volts in new[] { .83, .75, .675, .62 })
        {
            var rates = model.RatesOfBits(OperatingPoint.Of(volts, 2));
            Assert.That(rates, Is.Ordered, "a longer path is never safer");
            shares.Add(rates.Take(20).Sum() / rates.Sum());
        }

        Assert.That(shares, Is.Ordered, "the deeper, the more low bits fail too");
        Assert.That(shares[0], Is.LessThan(.01));
    }

    [TestCase("", "at least two positive rates at 2 GHz and two at 0.9 V")]
    [TestCase("0.8,2,1e-4\n0.85,2,1e-5\n0.9,2.5,1e-5\n0.9,3,1e-4\n", "isolines off the nominal lines")]
    [TestCase("0.7,1.8,1e-4\n0.8,2,1e-4\n0.85,2,1e-5\n0.9,2.5,1e-5\n0.9,3,1e-4\n", "at two points or more")]
    [TestCase("0.7,1.8,1e-4\n0.75,1.7,1e-4\n0.8,2,1e-4\n0.85,1.9,1e-3\n0.85,2,1e-5\n0.86,2.1,1e-3\n0.9,2.5,1e-5\n0.9,3,1e-4\n", "at least 0.001 at 0.8 V, 2 GHz")]
    public void ABadSurface(string rows, string expected)
    {
        var path = Path.Combine(TestContext.CurrentContext.WorkDirectory, $"{Guid.NewGuid():N}.csv");
        System.IO.File.WriteAllText(path, $"volts,gigahertz,rate_per_element\n{(rows.Length == 0 ? "0.9,2,0\n" : rows)}");
        Assert.That(Assert.Throws<InvalidDataException>(() => VoltageFrequencySurface.Load(path))!.Message, Does.StartWith(path).And.Contain(expected));
        System.IO.File.Delete(path);
    }

    [TestCase("active", .7, 3 * 6.71e-4)]
    [TestCase("active", .6, 3 * 2.17e-3)]
    [TestCase("active", .8, 3 * 1.13e-4)]
    [TestCase("active", .84, 3 * 9.58e-6)]
    [TestCase("pessimistic", .605, 3 * 3.13e-2)]
    [TestCase("pessimistic", .7, 3 * 1.07e-2)]
    [TestCase("pessimistic", .8, 3 * 5.76e-4)]
    [TestCase("pessimistic", .89, 3 * 3.98e-8)]
    public void TheAlternativeTablesAreTheQuotedOnesTimesThree(string name, double volts, double rate) => Assert.That(
        ErrorModels.Open(name, DataFolder.Path("operating-points", $"{name}.csv")).At(OperatingPoint.Of(volts, 2)).Value, Is.EqualTo(rate).Within(1e-9).Percent);
}
