using Drift.Abft;

namespace Drift.Models;

/// <summary>What a protection of the catalogue is made with.</summary>
/// <param name="Tile">Edge of a checksum tile, 1 to the protection's <see cref="ProtectionCatalog.LargestTile"/>, where the protection has none of its own.</param>
/// <param name="Threshold">Smallest deviation that flags a line, at least 1, where the protection has no figure of its own.</param>
/// <param name="Interval">Steps from one checkpoint to the next, at least 1.</param>
/// <param name="Ranges">Ranges of a clean run, for range clamping.</param>
public sealed record ProtectionSettings(int Tile, int Threshold, int Interval, RangeProfile Ranges);

/// <summary>The ways of protecting a run, by name: the paper's rule, its rivals and the decoders. The one place where they are registered.</summary>
public static class ProtectionCatalog
{
    private const int SubTile = 16, LargeTile = 64, ApproxThreshold = 1 << 12;

    private static readonly IReadOnlyDictionary<string, Func<ProtectionSettings, Protection?>> Entries = new Dictionary<string, Func<ProtectionSettings, Protection?>>
    {
        ["none"] = _ => null,
        ["recompute"] = s => Protection.Correcting(s.Tile, () => new Recomputation()),
        ["dmr"] = _ => Protection.Correcting(0, () => new DuplicateExecution()),
        ["tmr"] = _ => Protection.Correcting(0, () => new TriplicateExecution()),
        ["stat-abft"] = s => Protection.Correcting(s.Tile, () => new StatisticalAbft()),
        ["approx-abft"] = s => new Protection(s.Tile, new ThresholdRule(ApproxThreshold), new ZeroMask(), null, ApproxThreshold),
        ["thundervolt"] = _ => Protection.Correcting(0, () => new ZeroLargeAccumulators()),
        ["razor"] = _ => Protection.Correcting(0, () => new RazorReplay()),
        ["locate"] = s => Protection.Correcting(s.Tile, () => new LocateAndCorrect()),
        ["range-clamp"] = s => Protection.Correcting(0, null) with { Recovery = new RangeClamp(s.Ranges) },
        ["rollback"] = s => Protection.Rollback(s.Tile, s.Threshold, s.Interval),
        ["rollback-previous"] = s => Protection.Rollback(s.Tile, s.Threshold, 1),
        ["rollback-hierarchical"] = s => Protection.Rollback(s.Tile, s.Threshold, s.Interval) with { CoarseTile = Kernels.GemmWeights.LargestTile / s.Tile * s.Tile },
        ["rollback-linear"] = s => Protection.Rollback(s.Tile, s.Threshold, s.Interval) with { Recovery = new Extrapolation(1) },
        ["rollback-taylor"] = s => Protection.Rollback(s.Tile, s.Threshold, s.Interval) with { Recovery = new Extrapolation(2) },
        ["decode"] = s => Protection.Decoding(s.Tile, s.Threshold, s.Interval),
        ["decode-16"] = s => Protection.Decoding(SubTile, s.Threshold, s.Interval),
        ["decode-odd"] = s => Protection.DecodingOddRows(LargeTile, s.Threshold, s.Interval),
        ["decode-weighted"] = s => Protection.Decoding(s.Tile, s.Threshold, s.Interval, moments: true),
    };

    /// <summary>All names, in the order of tables.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Entries.Keys];

    /// <summary>The largest tile that a protection can be made with.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    public static int LargestTile(string name) => name switch
    {
        "decode" => PlaneDecoder.LargestTile,
        "decode-weighted" => Kernels.LineMoments.LargestTile,
        // A coarse tile holds two of them at least.
        "rollback-hierarchical" => Kernels.GemmWeights.LargestTile / 2,
        _ => Kernels.GemmWeights.LargestTile,
    };

    /// <summary>Makes a protection; null for none at all.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="settings">What it is made with.</param>
    /// <exception cref="ArgumentException">There is none of this name.</exception>
    public static Protection? Open(string name, ProtectionSettings settings) => Entries.TryGetValue(name, out var entry)
        ? entry(settings)
        : throw new ArgumentException($"no protection is called '{name}'; there are {string.Join(", ", Names)}", nameof(name));
}
