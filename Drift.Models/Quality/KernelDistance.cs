namespace Drift.Models;

/// <summary>
/// Kernel distance of two feature sets (Binkowski et al., 2018, who call it KID on Inception's features): the unbiased squared maximum mean discrepancy over all
/// samples with the kernel (x.y / d + 1)^3. Unbiased at any number of samples, so near 0 it falls on either side.
/// </summary>
public static class KernelDistance
{
    /// <summary>The distance; can be negative.</summary>
    /// <param name="x">A set.</param>
    /// <param name="y">Another of the same dimensions.</param>
    /// <exception cref="ArgumentException">The dimensions differ.</exception>
    public static double Between(FeatureSet x, FeatureSet y)
    {
        FeatureSet.RequireSameDimensions(x, y);
        return Within(x) + Within(y) - 2 * Across(x, y);
    }

    private static double Within(FeatureSet set)
    {
        double total = 0;
        for (var i = 0; i < set.Samples; i++)
        {
            for (var j = 0; j < i; j++)
                total += 2 * Kernel(set[i], set[j]);
        }

        return total / ((double)set.Samples * (set.Samples - 1));
    }

    private static double Across(FeatureSet x, FeatureSet y)
    {
        double total = 0;
        for (var i = 0; i < x.Samples; i++)
        {
            for (var j = 0; j < y.Samples; j++)
                total += Kernel(x[i], y[j]);
        }

        return total / ((double)x.Samples * y.Samples);
    }

    private static double Kernel(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        double product = 0;
        for (var i = 0; i < a.Length; i++)
            product += a[i] * b[i];
        var value = product / a.Length + 1;
        return value * value * value;
    }
}
