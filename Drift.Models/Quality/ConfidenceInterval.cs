using MathNet.Numerics.Distributions;

namespace Drift.Models;

/// <summary>A mean and its 95 % confidence interval.</summary>
/// <param name="Mean">Mean of the sample; NaN for an empty one.</param>
/// <param name="Low">Lower end; NaN where there is none.</param>
/// <param name="High">Upper end; NaN where there is none.</param>
/// <param name="Count">Size of the sample.</param>
public readonly record struct ConfidenceInterval(double Mean, double Low, double High, int Count)
{
    private const double UpperQuantile = 0.975;

    /// <summary>
    /// Student's t interval of a sample's mean. A sample of one, or with an infinite value (the PSNR of equal pictures), has a mean but no interval.
    /// </summary>
    /// <param name="sample">Independent values.</param>
    public static ConfidenceInterval Of(IReadOnlyCollection<double> sample)
    {
        ArgumentNullException.ThrowIfNull(sample);
        var count = sample.Count;
        var mean = count == 0 ? double.NaN : sample.Sum() / count;
        if (count < 2 || !double.IsFinite(mean))
            return new ConfidenceInterval(mean, double.NaN, double.NaN, count);
        var variance = sample.Sum(value => (value - mean) * (value - mean)) / (count - 1);
        var half = StudentT.InvCDF(0, 1, count - 1, UpperQuantile) * Math.Sqrt(variance / count);
        return new ConfidenceInterval(mean, mean - half, mean + half, count);
    }

    /// <summary>Wilson's score interval of a proportion, which holds for counts of 0 too (E. B. Wilson, JASA 22, 1927).</summary>
    /// <param name="successes">How often it happened, 0 to <paramref name="trials"/>.</param>
    /// <param name="trials">How often it could have; 0 gives a mean of NaN and no interval.</param>
    /// <exception cref="ArgumentOutOfRangeException">It happened more often than it could have, or less than never.</exception>
    public static ConfidenceInterval OfProportion(long successes, long trials)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(successes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(successes, trials);
        if (trials == 0)
            return new ConfidenceInterval(double.NaN, double.NaN, double.NaN, 0);
        double share = (double)successes / trials, z = Normal.InvCDF(0, 1, UpperQuantile), z2 = z * z / trials;
        var centre = (share + z2 / 2) / (1 + z2);
        var half = z / (1 + z2) * Math.Sqrt(share * (1 - share) / trials + z2 / (4 * trials));
        // At the ends the two terms are equal but for rounding.
        return new ConfidenceInterval(share, successes == 0 ? 0 : centre - half, successes == trials ? 1 : centre + half, (int)Math.Min(trials, int.MaxValue));
    }
}
