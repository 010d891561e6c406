using Drift.Kernels;

namespace Drift.Models;

/// <summary>Normal noise as a pure function of a seed: Philox words through the Box-Muller transform, in fp64.</summary>
public static class GaussianNoise
{
    private const double Unit = 1.0 / (1UL << 32);

    /// <summary>Fills with values of mean 0 and variance 1.</summary>
    /// <param name="seed">The seed. Faults of the same seed come from other counters: theirs carry a role, and role 0 is this one.</param>
    /// <param name="values">Overwritten.</param>
    public static void Fill(ulong seed, Span<float> values)
    {
        for (var i = 0; i < values.Length; i += 4)
        {
            var words = Philox.Words((uint)(i / 4), 0, 0, 0, seed);
            var (a, b) = Pair(words.R0, words.R1);
            var (c, d) = Pair(words.R2, words.R3);
            ReadOnlySpan<float> four = [a, b, c, d];
            four[..Math.Min(4, values.Length - i)].CopyTo(values[i..]);
        }
    }

    private static (float, float) Pair(uint first, uint second)
    {
        // Half a unit keeps the logarithm's argument above 0.
        var radius = Math.Sqrt(-2 * Math.Log((first + 0.5) * Unit));
        var (sine, cosine) = Math.SinCos(2 * Math.PI * second * Unit);
        return ((float)(radius * cosine), (float)(radius * sine));
    }
}
