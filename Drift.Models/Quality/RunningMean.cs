using MathNet.Numerics.Distributions;

namespace Drift.Models;

/// <summary>Mean and variance of values that come one by one (B. P. Welford, Technometrics 4, 1962). The same values in the same order give the same bits.</summary>
public sealed class RunningMean
{
    private const double Nominal = 0.95;
    private double _squares;

    /// <summary>Values so far.</summary>
    public int Count { get; private set; }

    /// <summary>Their mean; 0 for none.</summary>
    public double Mean { get; private set; }

    /// <summary>Their unbiased variance; NaN for fewer than two.</summary>
    public double Variance => Count < 2 ? double.NaN : _squares / (Count - 1);

    /// <summary>Takes a value.</summary>
    /// <param name="value">Finite.</param>
    public void Add(double value)
    {
        Count++;
        var before = value - Mean;
        Mean += before / Count;
        _squares += before * (value - Mean);
    }

    /// <summary>Student's t interval of the mean; without ends for fewer than two values.</summary>
    /// <param name="confidence">Its nominal coverage, above 0 and below 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The coverage is none.</exception>
    public ConfidenceInterval Student(double confidence = Nominal)
    {
        RequireCoverage(confidence);
        return Around(Count < 2 ? double.NaN : StudentT.InvCDF(0, 1, Count - 1, (1 + confidence) / 2) * Math.Sqrt(Variance / Count));
    }

    /// <summary>
    /// The empirical Bernstein interval of values in a range (A. Maurer, M. Pontil, COLT 2009, theorem 4, on both sides), valid at every one of countless looks: the k-th look
    /// spends 1 / (k (k + 1)) of the error. Without ends for fewer than two values.
    /// </summary>
    /// <param name="range">Largest value less the smallest that there can be, at least 0.</param>
    /// <param name="look">Which look at the data this is, 1 first.</param>
    /// <param name="confidence">Its coverage at least, above 0 and below 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    public ConfidenceInterval Bernstein(double range, int look, double confidence = Nominal)
    {
        RequireCoverage(confidence);
        ArgumentOutOfRangeException.ThrowIfNegative(range);
        ArgumentOutOfRangeException.ThrowIfLessThan(look, 1);
        var log = Math.Log(4.0 * look * (look + 1) / (1 - confidence));
        return Around(Count < 2 ? double.NaN : Math.Sqrt(2 * Variance * log / Count) + 7 * range * log / (3 * (Count - 1)));
    }

    private static void RequireCoverage(double confidence)
    {
        if (confidence is not (> 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(confidence), confidence, "a coverage lies above 0 and below 1");
    }

    private ConfidenceInterval Around(double half) => new(Count == 0 ? double.NaN : Mean, Mean - half, Mean + half, Count);
}
