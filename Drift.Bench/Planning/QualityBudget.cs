using System.Globalization;
using Drift.Models;

namespace Drift.Bench;

/// <summary>How good pictures must stay: a metric against the nominal run, and its least mean, or that of the paper's schedule.</summary>
/// <param name="Metric">psnr (dB) or ssim.</param>
/// <param name="Least">The least mean; null for that of the paper's schedule on the same pictures.</param>
internal sealed record QualityBudget(string Metric, double? Least)
{
    /// <summary>What may be asked for, for help and complaints.</summary>
    public const string Form = "psnr>=DB, ssim>=0..1, or psnr>=paper, ssim>=paper for the mean of the paper's schedule on the same pictures";

    private const string Psnr = "psnr", Ssim = "ssim", Paper = "paper", Relation = ">=";

    /// <summary>Equal pictures have no finite PSNR; they count as this many dB, about what a change of one code in a few pixels leaves.</summary>
    private const double EqualPictures = 99;

    /// <summary>Reads a budget.</summary>
    /// <param name="text">As in <see cref="Form"/>.</param>
    /// <exception cref="UserErrorException">It is not of that form.</exception>
    public static QualityBudget Parse(string text)
    {
        var parts = text.Split(Relation, StringSplitOptions.TrimEntries);
        if (parts is [Psnr or Ssim, Paper])
            return new QualityBudget(parts[0], null);
        if (parts is [Psnr or Ssim, var number] && double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out var least) && least > 0 && least <= (parts[0] == Ssim ? 1 : EqualPictures))
            return new QualityBudget(parts[0], least);
        throw new UserErrorException($"--budget: expected {Form}, not '{text}'");
    }

    /// <summary>The metric between a picture and the nominal one.</summary>
    /// <param name="picture">The picture.</param>
    /// <param name="nominal">The same seed at the nominal point.</param>
    public double Measure(Picture picture, Picture nominal) => Metric == Ssim ? Models.Ssim.Gaussian(picture, nominal) : Math.Min(EqualPictures, Models.Psnr.Between(picture, nominal));

    /// <summary>How far pictures lie above the budget, one by one.</summary>
    /// <param name="qualities">Of the pictures.</param>
    /// <param name="paper">Of the paper's schedule, on the same pictures.</param>
    public IReadOnlyList<double> Margins(IReadOnlyList<double> qualities, IReadOnlyList<double> paper) => [.. qualities.Zip(paper, (quality, other) => quality - (Least ?? other))];

    /// <inheritdoc/>
    public override string ToString() => $"{Metric}{Relation}{Least?.ToString(CultureInfo.InvariantCulture) ?? Paper}";
}
