using Drift.Abft;
using NUnit.Framework;

namespace Drift.Tests.Abft;

/// <summary>The computed probability of an escape, against cases worked by hand.</summary>
internal sealed class CancellationTheoryTests
{
    private readonly CancellationTheory _paper = new(1 << 10);

    [Test]
    public void A_flip_alone_never_hides([Range(10, 30)] int bit) => Assert.That(_paper.Hidden(bit, 0), Is.Zero);

    [TestCase(10, 11)]
    [TestCase(11, 1)]
    [TestCase(20, 1)]
    [TestCase(30, 1)]
    public void One_other_flip_hides_it_when_the_two_nearly_cancel(int bit, int ways)
    {
        // Bit 10 hides behind any opposite bit up to 10: |2^10 - 2^b| < 2^10. A higher one only behind itself.
        Assert.That(_paper.Hidden(bit, 1), Is.EqualTo(ways / 62.0).Within(1e-12));
    }

    [Test]
    public void Others_are_counted_as_all_their_combinations_modulo_2_to_the_32([Values(10, 29, 30)] int bit)
    {
        int two = 0, three = 0;
        for (var first = 0; first < 62; first++)
        {
            for (var second = 0; second < 62; second++)
            {
                var sum = (1 << bit) + Delta(first) + Delta(second);
                two += Hides(sum);
                for (var third = 0; third < 62; third++)
                    three += Hides(sum + Delta(third));
            }
        }

        Assert.That(_paper.Hidden(bit, 2), Is.EqualTo(two / Math.Pow(62, 2)).Within(1e-12));
        Assert.That(_paper.Hidden(bit, 3), Is.EqualTo(three / Math.Pow(62, 3)).Within(1e-12));
        static int Delta(int way) => way < 31 ? 1 << way : -(1 << (way - 31));
        static int Hides(int sum) => Math.Abs((long)sum) < 1 << 10 ? 1 : 0;
    }

    [Test]
    public void In_a_tile_with_two_flips_the_other_lies_on_a_line_of_the_first_or_nowhere_near()
    {
        double mean = (11 + 20) / 62.0 / 21, onRow = 31 / 1023.0;
        var shares = _paper.Given(32, 32, 2);
        Assert.That((shares.Row, shares.Column, shares.Both), Is.EqualTo((onRow * mean, onRow * mean, 0.0)).Using<(double, double, double)>(
            (a, b) => Math.Abs(a.Item1 - b.Item1) < 1e-12 && Math.Abs(a.Item2 - b.Item2) < 1e-12 && a.Item3 == b.Item3));
        Assert.That(_paper.Given(32, 32, 1).All, Is.Zero);
        Assert.That(_paper.Given(1, 2, 2).Row, Is.EqualTo(mean).Within(1e-12), "one row of two: the other flip is always on it");
    }

    [Test]
    public void All_counts_of_flips_together_make_the_share_of_the_rate()
    {
        const double Rate = 0.01;
        var sum = 0.0;
        for (var k = 1; k <= 64; k++)
            sum += MathNet.Numerics.Distributions.Binomial.PMF(Rate, 63, k - 1) * _paper.Given(8, 8, k).All;
        Assert.That(_paper.At(8, 8, Rate).All, Is.EqualTo(sum).Within(1e-12));
        Assert.That(_paper.At(8, 8, 0).All, Is.Zero);
    }

    [TestCase(1, 0)]
    [TestCase(2, 1)]
    [TestCase(1000, 10)]
    [TestCase(1024, 10)]
    [TestCase(1025, 11)]
    public void Large_flips_begin_at_the_threshold(int threshold, int bit) => Assert.That(new CancellationTheory(threshold).FirstLarge, Is.EqualTo(bit));

    [TestCase(0)]
    [TestCase((1 << 30) + 1)]
    public void A_threshold_out_of_range_is_refused(int threshold) => Assert.Throws<ArgumentOutOfRangeException>(() => new CancellationTheory(threshold));
}
