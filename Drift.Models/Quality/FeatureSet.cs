namespace Drift.Models;

/// <summary>What a network says about many pictures: one vector a picture. Immutable by convention.</summary>
public sealed class FeatureSet
{
    /// <summary>Keeps the values.</summary>
    /// <param name="samples">Number of pictures, at least 2.</param>
    /// <param name="dimensions">Values a picture, at least 1.</param>
    /// <param name="values">All values, picture by picture, each finite.</param>
    /// <exception cref="ArgumentException">The extents are impossible or disagree with the number of values, or a value is not finite.</exception>
    public FeatureSet(int samples, int dimensions, double[] values)
    {
        ArgumentNullException.ThrowIfNull(values);
        ArgumentOutOfRangeException.ThrowIfLessThan(samples, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(dimensions, 1);
        if (values.Length != (long)samples * dimensions)
            throw new ArgumentException($"{samples} x {dimensions} features need {(long)samples * dimensions} values, not {values.Length}", nameof(values));
        if (Array.FindIndex(values, value => !double.IsFinite(value)) is >= 0 and var odd)
            throw new ArgumentException($"value {odd % dimensions} of picture {odd / dimensions} is {values[odd]}; distances need finite features", nameof(values));
        (Samples, Dimensions, Values) = (samples, dimensions, values);
    }

    /// <summary>Number of pictures.</summary>
    public int Samples { get; }

    /// <summary>Values a picture.</summary>
    public int Dimensions { get; }

    /// <summary>Values [samples, dimensions].</summary>
    public double[] Values { get; }

    /// <summary>A picture's values.</summary>
    /// <param name="sample">Picture, 0 first.</param>
    public ReadOnlySpan<double> this[int sample] => Values.AsSpan(sample * Dimensions, Dimensions);

    /// <summary>Refuses sets that cannot be compared.</summary>
    internal static void RequireSameDimensions(FeatureSet x, FeatureSet y)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        if (x.Dimensions != y.Dimensions)
            throw new ArgumentException($"features of {x.Dimensions} and of {y.Dimensions} values cannot be compared", nameof(y));
    }
}
