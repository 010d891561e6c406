using System.Globalization;
using Drift.Dvfs;
using FsCheck.Fluent;
using NUnit.Framework;

namespace Drift.Tests.Dvfs;

/// <summary>The shipped table, point by point, and the laws between its points.</summary>
internal sealed class TabulatedErrorsTests
{
    private static readonly string File = DataFolder.Path("operating-points", "paper.csv");
    private readonly IErrorRates _table = TabulatedErrors.Load(File);

    /// <summary>The paper's tables, typed in a second time from facts.md.</summary>
    private static readonly (double Volts, double Rate)[] Voltages =
    [
        (.60, 4.588e-2), (.61, 3.591e-2), (.62, 2.912e-2), (.63, 2.243e-2), (.64, 1.627e-2), (.65, 1.076e-2), (.66, 6.739e-3), (.67, 4.021e-3),
        (.675, 3.219e-3), (.68, 2.428e-3), (.69, 1.354e-3), (.70, 8.493e-4), (.71, 6.084e-4), (.72, 4.453e-4), (.73, 3.868e-4), (.74, 3.752e-4),
        (.75, 2.656e-4), (.76, 2.455e-4), (.77, 2.249e-4), (.78, 1.951e-4), (.79, 1.884e-4), (.80, 9.51e-5), (.81, 7.05e-5), (.82, 3.21e-5),
        (.83, 1.63e-5), (.84, 8.06e-6), (.845, 0), (.9, 0), (1.1, 0),
    ];

    private static readonly (double Gigahertz, double Rate)[] Clocks =
    [
        (1.6, 0), (2.0, 0), (2.04, 1e-7), (2.246, 1e-6), (2.295, 1e-5), (2.526, 1e-4), (2.93, 3e-4), (3.371, 1e-3), (3.574, 3e-3), (4.017, 1e-2),
    ];

    [Test]
    public void EveryPointOfBothTablesComesBackExactly()
    {
        foreach (var (volts, rate) in Voltages)
            Assert.That(Voltage(volts), Is.EqualTo(rate), $"{volts} V");
        foreach (var (gigahertz, rate) in Clocks)
            Assert.That(Clock(gigahertz), Is.EqualTo(rate), $"{gigahertz} GHz");
        Assert.That(System.IO.File.ReadLines(File).Count() - 1, Is.EqualTo(Voltages.Length + Clocks.Length - 1), "rows of the file");
    }

    [Test]
    public void AProfileCarriesTheRateAndIsMadeOnce()
    {
        var point = OperatingPoint.Of(.675, 2);
        var model = new ErrorModel(_table);
        var profile = model.At(point, 128);
        Assert.That(profile.RatePerElement, Is.EqualTo(3.219e-3));
        Assert.That(model.At(point, 512), Is.SameAs(profile), "a rate per element does not depend on K");
        Assert.That(model.At(OperatingPoint.Nominal, 128).RatePerElement, Is.Zero);
    }

    [Test]
    public void BetweenPositivePointsTheLogarithmIsInterpolated()
    {
        Assert.That(Voltage(.685), Is.EqualTo(Math.Sqrt(2.428e-3 * 1.354e-3)).Within(1e-9).Percent);
        Assert.That(Voltage(.7025), Is.EqualTo(Math.Exp(.75 * Math.Log(8.493e-4) + .25 * Math.Log(6.084e-4))).Within(1e-9).Percent);
        Assert.That(Clock(2.143), Is.EqualTo(Math.Sqrt(1e-7 * 1e-6)).Within(1e-9).Percent);
    }

    [Test]
    public void TowardsTheFirstSafePointTheRateIsLinear()
    {
        // The paper's own table of p -> V has 1e-6 at 0.8444 V, rounded to a tenth of a millivolt.
        Assert.That(Voltage(.84435), Is.GreaterThan(1e-6));
        Assert.That(Voltage(.84445), Is.LessThan(1e-6));
        Assert.That(Voltage(.8425), Is.EqualTo(4.03e-6).Within(1e-9).Percent);
        Assert.That(Clock(2.02), Is.EqualTo(5e-8).Within(1e-9).Percent);
    }

    [Test]
    public void SafePointsAreSafe()
    {
        foreach (var volts in new[] { .845, .85, .8999, .95, 1.1 })
            Assert.That(Voltage(volts), Is.Zero);
        foreach (var gigahertz in new[] { 1.6, 1.7, 2.0 })
            Assert.That(Clock(gigahertz), Is.Zero);
    }

    [FsCheck.NUnit.Property]
    public FsCheck.Property TheRateNeverRisesWithTheVoltageAndNeverFallsWithTheClock() =>
        Prop.ForAll(ArbMap.Default.ArbFor<FsCheck.NormalFloat>().Generator.Select(x => Math.Abs(x.Item) % 1).Two().ToArbitrary(), pair =>
        {
            var (low, high) = (Math.Min(pair.Item1, pair.Item2), Math.Max(pair.Item1, pair.Item2));
            return Voltage(.6 + .5 * low) >= Voltage(.6 + .5 * high) && Clock(1.6 + 2.4 * low) <= Clock(1.6 + 2.4 * high);
        });

    [TestCase(.599, 2)]
    [TestCase(1.101, 2)]
    [TestCase(.9, 1.59)]
    [TestCase(.9, 4.02)]
    [TestCase(.8, 2.5)]
    [TestCase(double.NaN, 2)]
    [TestCase(.9, double.NaN)]
    public void ElsewhereIsAnErrorThatNamesTheRange(double volts, double gigahertz)
    {
        var error = Assert.Throws<OperatingPointException>(() => _table.At(OperatingPoint.Of(volts, gigahertz)));
        Assert.That(error!.Message, Does.Contain("0.6..1.1 V at 2 GHz").And.Contain("1.6..4.017 GHz at 0.9 V").And.Contain("paper.csv").And.Not.Contain("\n"));
        Assert.That(error.Message, Does.Contain(volts.ToString(CultureInfo.InvariantCulture)));
    }

    [Test]
    public void AFixedRateHoldsEverywhereButAtTheNominalPoint()
    {
        IErrorRates model = new FixedRate(.01);
        Assert.That(model.At(OperatingPoint.Of(.1, 9)).Value, Is.EqualTo(.01));
        Assert.That(model.At(OperatingPoint.Nominal).Value, Is.Zero);
        Assert.Throws<ArgumentException>(() => _ = new FixedRate(1.5));
    }

    private double Voltage(double volts) => _table.At(OperatingPoint.Of(volts, 2)).Value;

    private double Clock(double gigahertz) => _table.At(OperatingPoint.Of(.9, gigahertz)).Value;
}
