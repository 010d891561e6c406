using System.Runtime.Intrinsics;

namespace Drift.Abft;

/// <summary>What an accumulator's size says about a flip. Clean accumulators are small against the bound that their operands' norms give.</summary>
internal static class Evidence
{
    // Student's t with few degrees of freedom: a clean value far out must stay possible.
    private const float Freedom = 4;

    /// <summary>
    /// ln (density of the clean value that a flip implies / density of the value as it is), under Student's t of scale |a| |w| / sqrt(K), the standard deviation of
    /// a product of random directions.
    /// </summary>
    public static float ForFlip(int accumulator, int clean, float bound, int depth) => (Freedom + 1) / 2 * MathF.Log(Ratio(accumulator, clean, bound, depth));

    /// <summary>The density's argument at one value over that at another: above 1 where the other is the likelier. Ratios of several accumulators multiply.</summary>
    public static float Ratio(int value, int other, float bound, int depth)
    {
        var variance = bound * bound / depth * Freedom;
        return variance == 0 ? 1 : (variance + (float)value * value) / (variance + (float)other * other);
    }

    /// <summary>Sixteen of <see cref="Ratio"/>, to the bit.</summary>
    public static Vector512<float> Ratios(Vector512<int> values, Vector512<int> others, Vector512<float> bounds, int depth)
    {
        var variance = bounds * bounds / Vector512.Create((float)depth) * Freedom;
        var (value, other) = (Vector512.ConvertToSingle(values), Vector512.ConvertToSingle(others));
        return Vector512.ConditionalSelect(Vector512.Equals(variance, Vector512<float>.Zero), Vector512<float>.One, (variance + value * value) / (variance + other * other));
    }

    /// <summary>The odds that go with a product of ratios: density over density.</summary>
    public static float Odds(float ratio) => ratio * ratio * MathF.Sqrt(ratio);
}
