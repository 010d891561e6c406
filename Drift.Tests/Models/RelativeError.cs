namespace Drift.Tests;

/// <summary>How far computed values are from reference values, as the fixtures' tolerances are stated.</summary>
internal static class RelativeError
{
    /// <summary>The largest absolute difference, over the largest absolute value of the reference; infinity where a value is NaN on one side only.</summary>
    public static double Largest(ReadOnlySpan<float> actual, ReadOnlySpan<float> expected)
    {
        if (actual.Length != expected.Length)
            throw new ArgumentException($"{actual.Length} values cannot be compared with {expected.Length}", nameof(actual));
        var (difference, scale) = (0.0, 0.0);
        for (var i = 0; i < actual.Length; i++)
        {
            // Equals, so that NaN agrees with NaN and infinity with itself.
            if (!actual[i].Equals(expected[i]))
            {
                var distance = Math.Abs((double)actual[i] - expected[i]);
                difference = double.IsNaN(distance) ? double.PositiveInfinity : Math.Max(difference, distance);
            }

            if (float.IsFinite(expected[i]))
                scale = Math.Max(scale, Math.Abs(expected[i]));
        }

        return difference == 0 ? 0 : difference / scale;
    }
}
