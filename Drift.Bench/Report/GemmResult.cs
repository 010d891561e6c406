using System.Text.Json.Serialization;
using Drift.Kernels;

namespace Drift.Bench;

/// <summary>The JSON of <c>drift bench gemm</c>.</summary>
/// <param name="Machine">What it ran on.</param>
/// <param name="Results">One entry a pair.</param>
internal sealed record GemmReport(IReadOnlyDictionary<string, object?> Machine, IReadOnlyList<GemmResult> Results);

/// <summary>One pair. The properties are those of the JSON, in its order.</summary>
/// <param name="What">What was timed: gemm.</param>
/// <param name="Type">int8 or fp32.</param>
/// <param name="M">Rows of A and C.</param>
/// <param name="N">Output features.</param>
/// <param name="K">The summed dimension.</param>
/// <param name="Threads">Threads of either side.</param>
/// <param name="Protection">How ours is protected; a rival never is.</param>
/// <param name="Ours">Speed of ours. Measured.</param>
/// <param name="Rival">Speed of the rival, null where there is none. Measured.</param>
/// <param name="RivalName">Its name, null where there is none.</param>
/// <param name="Unit">Unit of both speeds.</param>
/// <param name="Ratio">Ours over the rival's: above 1, ours is faster. Null where there is none.</param>
internal sealed record GemmResult(string What, string Type, int M, int N, int K, int Threads, string Protection, double Ours, double? Rival, string? RivalName, string Unit,
    double? Ratio)
{
    /// <summary>Lower and upper quartile of the ratio over its rounds, where products are timed in rounds; of others the JSON has none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<double>? RatioQuartiles { get; init; }

    /// <summary>Rounds that the ratio is the median of.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Rounds { get; init; }

    /// <summary>The ratio in each placement: with operands, weights and outputs of its own.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<double>? PlacementRatios { get; init; }

    /// <summary>Processors that others may take from a pair before it counts as disturbed.</summary>
    public const double Bearable = 0.1;

    /// <summary>Processors that other processes took from the measured threads; in the table, which marks such pairs. The JSON's schema leaves it out.</summary>
    [JsonIgnore]
    public double Taken { get; init; }

    /// <summary>True where the speeds are too low and the ratio is not to be trusted.</summary>
    [JsonIgnore]
    public bool Disturbed => Taken > Bearable;

    /// <summary>Turns times into speeds.</summary>
    public static GemmResult Of(string what, string type, GemmShape shape, int threads, string protection, string unit, DuelTimes times, string? rivalName)
    {
        double Speed(double seconds) => 2e-9 * shape.Macs / seconds;
        return new GemmResult(what, type, shape.M, shape.N, shape.K, threads, protection, Speed(times.Ours), times.Rival is { } rival ? Speed(rival) : null, rivalName, unit,
            times.Rival / times.Ours);
    }

    /// <summary>From rounds: the ratio is the median of each round's own.</summary>
    public static GemmResult Of(string what, string type, GemmShape shape, int threads, string protection, string unit, PairedRatio pair, string rivalName) =>
        Of(what, type, shape, threads, protection, unit, new DuelTimes(pair.Ours, pair.Rival), rivalName) with
        {
            Ratio = pair.Ratio.Median, RatioQuartiles = [pair.Ratio.Lower, pair.Ratio.Upper], Rounds = pair.Rounds, PlacementRatios = pair.Placements,
        };
}
