using Drift.Models;

namespace Drift.Bench;

/// <summary>What a trial is measured by, against the clean picture of the same seed.</summary>
/// <param name="Name">As in <c>--metric</c> and columns.</param>
/// <param name="Unit">Unit of its values, empty for none.</param>
/// <param name="IsProportion">Whether values are 0 or 1.</param>
/// <param name="Range">Largest value less the smallest; null where there is no largest.</param>
/// <param name="MoreIsBetter">Whether large values are good ones.</param>
internal sealed record Metric(string Name, string Unit, bool IsProportion, double? Range, bool MoreIsBetter)
{
    /// <summary>
    /// The PSNR of an equal picture, and of every better one than this. Equal pictures have infinitely many decibels, which no mean survives; at 60 dB differences are a quarter
    /// of a grey level, which no eye sees.
    /// </summary>
    public const double BestPsnr = 60;

    /// <summary>All metrics.</summary>
    public static IReadOnlyList<Metric> All { get; } =
    [
        new("psnr", "dB", false, BestPsnr, true),
        new("ssim", "", false, 2, true),
        new("features", "", false, null, false),
        new("latent", "", false, null, false),
        new("right", "", true, 1, true),
    ];

    /// <summary>A metric by its name.</summary>
    /// <exception cref="UserErrorException">There is none.</exception>
    public static Metric Named(string name) => All.FirstOrDefault(metric => metric.Name == name)
        ?? throw new UserErrorException($"--metric: there is no '{name}'; expected some of {string.Join(", ", All.Select(metric => metric.Name))}");

    /// <summary>PSNR with an end.</summary>
    public static double CappedPsnr(Picture a, Picture b) => Math.Min(BestPsnr, Psnr.Between(a, b));
}
