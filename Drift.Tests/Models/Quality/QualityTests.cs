using Drift.Models;
using NUnit.Framework;

namespace Drift.Tests.Models.Quality;

public sealed class QualityTests
{
    [Test]
    public void Equal_pictures_are_infinitely_close()
    {
        var picture = new Picture(16, 16, 1, [.. Enumerable.Range(0, 256).Select(i => (byte)i)]);
        Assert.That(Psnr.Between(picture, picture), Is.EqualTo(double.PositiveInfinity));
        Assert.That(Ssim.Gaussian(picture, picture), Is.EqualTo(1).Within(1e-15));
    }

    [Test]
    public void Different_forms_and_too_small_pictures_are_refused()
    {
        var small = new Picture(10, 40, 1, new byte[400]);
        Assert.Throws<ArgumentException>(() => Ssim.Gaussian(small, small));
        Assert.Throws<ArgumentException>(() => Psnr.Between(small, new Picture(40, 10, 1, new byte[400])));
    }

    [Test]
    public void An_interval_is_the_textbook_one()
    {
        // Mean 5, standard deviation sqrt(10 / 4), t(0.975, 4) = 2.776445: half width 1.963243.
        var interval = ConfidenceInterval.Of([3, 4, 5, 6, 7]);
        Assert.That(interval.Mean, Is.EqualTo(5));
        Assert.That(interval.High - 5, Is.EqualTo(1.963243).Within(1e-6));
        Assert.That(5 - interval.Low, Is.EqualTo(1.963243).Within(1e-6));
    }

    [Test]
    public void One_value_or_an_infinite_one_has_no_interval()
    {
        Assert.That(ConfidenceInterval.Of([4.5]), Is.EqualTo(new ConfidenceInterval(4.5, double.NaN, double.NaN, 1)));
        var infinite = ConfidenceInterval.Of([4.5, double.PositiveInfinity]);
        Assert.That(infinite.Mean, Is.EqualTo(double.PositiveInfinity));
        Assert.That(infinite.Low, Is.NaN);
        Assert.That(ConfidenceInterval.Of([]).Mean, Is.NaN);
    }

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(double.NaN)]
    public void A_coverage_of_nothing_or_of_everything_is_none(double confidence)
    {
        var values = new RunningMean();
        Assert.Throws<ArgumentOutOfRangeException>(() => values.Student(confidence));
        Assert.Throws<ArgumentOutOfRangeException>(() => values.Bernstein(1, 1, confidence));
        Assert.Throws<ArgumentOutOfRangeException>(() => values.Bernstein(-1, 1));
    }
}
