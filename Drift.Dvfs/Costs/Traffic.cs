namespace Drift.Dvfs;

/// <summary>What is moved between DRAM and the chip.</summary>
public enum Traffic
{
    /// <summary>Weights, read once a step for a whole batch.</summary>
    Weights,

    /// <summary>Outputs that are kept for later steps.</summary>
    Checkpoints,

    /// <summary>Kept outputs that come back to mend an element.</summary>
    Restores,

    /// <summary>Features that a cache forecasts from.</summary>
    Features,
}

/// <summary>Bytes by what was moved.</summary>
/// <param name="Weights">Of weights.</param>
/// <param name="Checkpoints">Of checkpoints.</param>
/// <param name="Restores">Of restores.</param>
/// <param name="Features">Of cached features.</param>
public readonly record struct TrafficBytes(Bytes Weights, Bytes Checkpoints, Bytes Restores, Bytes Features)
{
    /// <summary>Bytes of one kind.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="bytes">How many.</param>
    public static TrafficBytes Of(Traffic kind, Bytes bytes) => kind switch
    {
        Traffic.Weights => new TrafficBytes(bytes, default, default, default),
        Traffic.Checkpoints => new TrafficBytes(default, bytes, default, default),
        Traffic.Restores => new TrafficBytes(default, default, bytes, default),
        Traffic.Features => new TrafficBytes(default, default, default, bytes),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "no such traffic"),
    };

    /// <summary>The kinds with their names.</summary>
    public IReadOnlyList<(string Name, Bytes Bytes)> Parts => [("weights", Weights), ("checkpoints", Checkpoints), ("restores", Restores), ("features", Features)];

    /// <summary>So many times some amounts, rounded down.</summary>
    /// <param name="times">How many times, at least 0.</param>
    /// <param name="bytes">The amounts.</param>
    public static TrafficBytes operator *(double times, TrafficBytes bytes) =>
        new(Scaled(times, bytes.Weights), Scaled(times, bytes.Checkpoints), Scaled(times, bytes.Restores), Scaled(times, bytes.Features));

    private static Bytes Scaled(double times, Bytes bytes) => new((long)(times * bytes.Value));

    /// <summary>Two amounts together.</summary>
    /// <param name="a">One.</param>
    /// <param name="b">The other.</param>
    public static TrafficBytes operator +(TrafficBytes a, TrafficBytes b) =>
        new(a.Weights + b.Weights, a.Checkpoints + b.Checkpoints, a.Restores + b.Restores, a.Features + b.Features);
}
