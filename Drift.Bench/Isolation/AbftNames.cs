using Drift.Abft;

namespace Drift.Bench;

/// <summary>Types, detectors and correctors of <c>drift abft</c>, by name. The one place where they are registered.</summary>
internal static class AbftNames
{
    /// <summary>INT8 operands, INT32 accumulators.</summary>
    public const string Int8 = "int8";

    /// <summary>The detector whose threshold is an option.</summary>
    public const string ByThreshold = "threshold";

    /// <summary>The corrector that does nothing.</summary>
    public const string None = "none";

    private const string Exact = "exact", Locate = "locate", Weighted = "decode-weighted", Odd = "decode-odd";

    private static readonly IReadOnlyDictionary<string, Func<ICorrector>> Int8Correctors = new Dictionary<string, Func<ICorrector>>
    {
        [Locate] = () => new LocateAndCorrect(),
        ["decode"] = () => new PlaneDecoder(),
        [Weighted] = () => new PlaneDecoder(),
        [Odd] = () => new OddRowDecoder(),
    };

    /// <summary>Types of operands.</summary>
    public static IReadOnlyList<string> Types { get; } = [Int8, FloatFormat.Single.Name];

    /// <summary>A type's detectors, the standard one first.</summary>
    public static IReadOnlyList<string> DetectorsOf(string type) => type == Int8 ? [ByThreshold, Exact] : RoundingBounds.Names;

    /// <summary>A type's correctors, the standard one first.</summary>
    public static IReadOnlyList<string> CorrectorsOf(string type) => type == Int8 ? [.. Int8Correctors.Keys, None] : [Locate, None];

    /// <summary>The largest tile that a corrector can work in.</summary>
    public static int LargestTile(string corrector) => corrector switch
    {
        Weighted => Kernels.LineMoments.LargestTile,
        "decode" => PlaneDecoder.LargestTile,
        Odd => OddRowDecoder.LargestTile,
        _ => Kernels.GemmWeights.LargestTile,
    };

    /// <summary>Whether a corrector reads position-weighted sums.</summary>
    public static bool NeedsMoments(string corrector) => corrector == Weighted;

    /// <summary>Whether a corrector reads row sums with odd weights. A detector then reads them too: a row deviates by a flip times its place's weight.</summary>
    public static bool NeedsOddRows(string corrector) => corrector == Odd;

    /// <summary>The smallest deviation that an INT8 detector flags.</summary>
    public static int ThresholdOf(AbftOptions options) => options.Detector == Exact ? 1 : options.Threshold;

    /// <summary>Opens an INT8 corrector; null for none.</summary>
    public static ICorrector? OpenCorrector(string name) => Int8Correctors.TryGetValue(name, out var open) ? open() : null;
}
