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
    public static float ForFlip(int accumulator, int clean, float bound, int depth)
    {
        var variance = bound * bound / depth * Freedom;
        if (variance == 0)
            return 0;
        return (Freedom + 1) / 2 * MathF.Log((variance + (float)accumulator * accumulator) / (variance + (float)clean * clean));
    }
}
