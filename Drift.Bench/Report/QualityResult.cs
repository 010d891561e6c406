using Drift.Models;

namespace Drift.Bench;

/// <summary>One pair of pictures, measured; null where a metric does not apply.</summary>
/// <param name="Name">The pictures' name.</param>
/// <param name="Psnr">dB; infinite (null in JSON) for equal pictures.</param>
/// <param name="Ssim">Gaussian window; null below 11 pixels.</param>
/// <param name="MsSsim">Five scales; null below 176 pixels.</param>
/// <param name="FeatureDistance">LPIPS' form on a classifier, which is not LPIPS; null where none reads such pictures.</param>
/// <param name="Lpips">Null without weights.</param>
internal sealed record QualityRow(string Name, double Psnr, double? Ssim, double? MsSsim, double? FeatureDistance, double? Lpips);

/// <summary>Means over all pairs, each with its interval.</summary>
internal sealed record QualityMeans(ConfidenceInterval Psnr, ConfidenceInterval? Ssim, ConfidenceInterval? MsSsim, ConfidenceInterval? FeatureDistance, ConfidenceInterval? Lpips)
{
    /// <summary>Of some pairs, at least one.</summary>
    public static QualityMeans Of(IReadOnlyList<QualityRow> rows)
    {
        ConfidenceInterval? Mean(Func<QualityRow, double?> metric) => rows.All(row => metric(row) is not null) ? ConfidenceInterval.Of([.. rows.Select(row => metric(row)!.Value)]) : null;
        return new QualityMeans(ConfidenceInterval.Of([.. rows.Select(row => row.Psnr)]), Mean(row => row.Ssim), Mean(row => row.MsSsim), Mean(row => row.FeatureDistance), Mean(row => row.Lpips));
    }
}

/// <summary>Two sets of features, compared as wholes.</summary>
/// <param name="Features">Where the features come from.</param>
/// <param name="SamplesA">Vectors of the reference.</param>
/// <param name="SamplesB">Vectors of the other.</param>
/// <param name="Dimensions">Values of a vector.</param>
/// <param name="Frechet">Frechet distance.</param>
/// <param name="Kernel">Kernel distance (unbiased squared MMD, the form of KID).</param>
internal sealed record SetDistances(string Features, int SamplesA, int SamplesB, int Dimensions, double Frechet, double Kernel)
{
    /// <summary>Measures both.</summary>
    public static SetDistances Of(string features, FeatureSet a, FeatureSet b) =>
        new(features, a.Samples, b.Samples, a.Dimensions, FrechetDistance.Between(a, b), KernelDistance.Between(a, b));
}

/// <summary>All that <c>quality</c> measured.</summary>
/// <param name="Settings">Every setting by name.</param>
/// <param name="LpipsNetwork">alex, vgg, or null without LPIPS.</param>
/// <param name="Rows">The pairs.</param>
/// <param name="Means">Over the pairs; null without any.</param>
/// <param name="Sets">The wholes; null for two pictures.</param>
internal sealed record QualityResult(IReadOnlyDictionary<string, object?> Settings, string? LpipsNetwork, IReadOnlyList<QualityRow> Rows, QualityMeans? Means, SetDistances? Sets);
