using Drift.Models;

namespace Drift.Bench;

/// <summary>Weights that the fixtures compute instead of storing: splitmix64 over a counter, as data/fixtures/quality/README.md defines them.</summary>
/// <param name="firstSeed">Seed of the first tensor; each further one has the next.</param>
internal sealed class CounterWeights(long firstSeed)
{
    private const double BiasBound = 0.1;
    private long _next = firstSeed;

    /// <summary>The next tensor: weights within sqrt(6 / fan in), biases within 0.1.</summary>
    /// <inheritdoc cref="LpipsBackbone.ReadTensor"/>
    public float[] Read(string name, ReadOnlySpan<int> shape)
    {
        var count = 1;
        foreach (var extent in shape)
            count *= extent;
        var bound = shape.Length == 1 ? BiasBound : Math.Sqrt(6.0 / (count / shape[0]));
        var values = new float[count];
        var counter = (ulong)_next++ << 32;
        for (var i = 0; i < count; i++)
            values[i] = (float)(((Mix(counter + (ulong)i) >> 40) / (double)(1 << 24) * 2 - 1) * bound);
        return values;
    }

    private static ulong Mix(ulong counter)
    {
        var z = counter * 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
