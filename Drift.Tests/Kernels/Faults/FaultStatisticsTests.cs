using Drift.Kernels;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>
/// The draws have the distribution that they claim. Seeds are fixed, so these never fail by chance; each bound is the distribution's 1 - 1e-6 quantile or wider.
/// </summary>
public sealed class FaultStatisticsTests
{
    private const int Blocks = 32768;
    private const double FiveSigma = 5;

    [TestCase(3.2e-3, 32, 32)]
    [TestCase(3.2e-3, 31, 5, Description = "a ragged block")]
    [TestCase(0.5, 32, 32)]
    [TestCase(0.97, 8, 8)]
    public void Counts_have_the_binomial_mean_and_variance(double rate, int rows, int columns)
    {
        var elements = rows * columns;
        var counts = Counts(rate, rows, columns);
        double mean = elements * rate, variance = mean * (1 - rate);
        // Variance of a binomial's sample variance: (kurtosis - 1) variance^2 / samples, near enough.
        var kurtosis = 3 + ((1 - (6 * rate * (1 - rate))) / variance);
        Assert.That(counts.Average(), Is.EqualTo(mean).Within(FiveSigma * Math.Sqrt(variance / Blocks)));
        Assert.That(
            counts.Average(c => (c - mean) * (c - mean)), Is.EqualTo(variance).Within(FiveSigma * variance * Math.Sqrt((kurtosis - 1) / Blocks)));
    }

    [Test]
    public void Small_counts_follow_the_binomial_law()
    {
        const double Rate = 3.2e-3;
        var counts = Counts(Rate, 32, 32);
        var probability = Math.Pow(1 - Rate, 1024);
        double statistic = 0, rest = 1;
        for (var k = 0; k < 9; k++)
        {
            statistic += ChiSquare(counts.Count(c => c == k), Blocks * probability);
            rest -= probability;
            probability *= (1024.0 - k) / (k + 1) * Rate / (1 - Rate);
        }

        statistic += ChiSquare(counts.Count(c => c >= 9), Blocks * rest);
        Assert.That(statistic, Is.LessThan(45), "chi-square, 9 degrees of freedom");
    }

    [Test]
    public void Bits_are_uniform_over_0_to_30()
    {
        var hits = new int[32];
        foreach (var flip in Draw(512, 512, 0.5))
            hits[flip.Bit]++;
        Assert.That(hits[31], Is.Zero, "the paper's profile spares the sign");
        var statistic = hits.Take(31).Sum(h => ChiSquare(h, hits.Sum() / 31.0));
        Assert.That(statistic, Is.LessThan(85), "chi-square, 30 degrees of freedom");
    }

    [TestCase(0.01)]
    [TestCase(0.9, Description = "drawn by choosing the ones left out")]
    public void Positions_are_uniform_within_a_block(double rate)
    {
        var hits = new int[1024];
        foreach (var flip in Draw(32 * 32, 32 * 32, rate))
            hits[(flip.Row % 32 * 32) + (flip.Column % 32)]++;
        // Each position is hit or not in each of 1024 blocks: the variance is binomial, not Poisson.
        var statistic = hits.Sum(h => ChiSquare(h, 1024 * rate)) / (1 - rate);
        Assert.That(statistic, Is.EqualTo(1024).Within(FiveSigma * Math.Sqrt(2 * 1024)));
    }

    private static double ChiSquare(int seen, double expected) => (seen - expected) * (seen - expected) / expected;

    private static Flip[] Draw(int m, int n, double rate) =>
        new FaultPlanner().Draw(2, new GemmSite(1, 1, GemmRole.Query), m, n, BitErrorProfile.Uniform(rate)).All.ToArray();

    /// <summary>How many flips each of many sites gets in one block.</summary>
    private static int[] Counts(double rate, int rows, int columns)
    {
        var planner = new FaultPlanner();
        var profile = BitErrorProfile.Uniform(rate);
        return [.. Enumerable.Range(0, Blocks).Select(step => planner.Draw(3, new GemmSite(step, 0, GemmRole.Query), rows, columns, profile).Count)];
    }
}
