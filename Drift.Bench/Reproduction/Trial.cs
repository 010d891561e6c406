using Drift.Dvfs;
using Drift.Models;

namespace Drift.Bench;

/// <summary>One way of drawing a model's pictures.</summary>
/// <param name="Strategy">Points, outputs and protection.</param>
/// <param name="Errors">What errors the points bring.</param>
internal sealed record Trial(Strategy Strategy, IErrorModel Errors)
{
    /// <summary>Blocks that are forecast at some steps; null where every step computes all.</summary>
    public FeatureCache? Cache { get; init; }
}

/// <summary>What a trial's pictures are worth beside the nominal ones. Measured, cost aside.</summary>
/// <param name="Pictures">A score a picture, at least one.</param>
/// <param name="WeightCost">Reading the weights, once a step for the whole batch. Modelled.</param>
internal sealed record TrialResult(IReadOnlyList<PictureScore> Pictures, Cost WeightCost)
{
    private const double Peak = 255;
    private const int Batch = 16;

    /// <summary>Root mean square difference, grey levels of 255, a value a picture.</summary>
    public IReadOnlyList<double> Error => [.. Pictures.Select(picture => picture.Error)];

    /// <summary>Feature distance in LPIPS' form, a value a picture; null where no shipped network sees such pictures.</summary>
    public IReadOnlyList<double>? Distance => Pictures[0].Distance is null ? null : [.. Pictures.Select(picture => picture.Distance!.Value)];

    /// <summary>CLIP score, a value a picture; null where pictures have no prompts or no CLIP is at hand.</summary>
    public IReadOnlyList<double>? Clip => Pictures[0].Clip is null ? null : [.. Pictures.Select(picture => picture.Clip!.Value)];

    /// <summary>The damage that claims are judged by: the feature distance, or the root mean square difference where there is none.</summary>
    public IReadOnlyList<double> Damage => Distance ?? Error;

    /// <summary>PSNR of the mean squared error over all pictures, dB; null where all are equal.</summary>
    public double? Psnr => Error.Average(error => error * error) is var squared and > 0 ? 10 * Math.Log10(Peak * Peak / squared) : null;

    /// <summary>Flips injected into a picture.</summary>
    public double FaultsPerPicture => Pictures.Average(picture => (double)picture.Faults);

    /// <summary>Large errors left in a picture.</summary>
    public double MissedPerPicture => Pictures.Average(picture => (double)picture.Missed);

    /// <summary>Flips taken back exactly, percent; 0 where there were none.</summary>
    public double ExactPercent => 100.0 * Pictures.Sum(picture => picture.Exact) / Math.Max(1, Pictures.Sum(picture => picture.Faults));

    /// <summary>Energy saved against another run at the paper's ratio of compute to memory, sixteen pictures to a reading of the weights, percent. Modelled.</summary>
    /// <param name="nominal">The unprotected nominal run.</param>
    /// <param name="mix">The paper's ratio.</param>
    public double SavedPercent(TrialResult nominal, PaperMix mix) => 100 * (1 - RelativeCost.Of(InBatches, nominal.InBatches, mix).Energy);

    private Cost InBatches => Pictures.Aggregate((double)Pictures.Count / Batch * WeightCost, (sum, picture) => sum + picture.Cost);

    /// <summary>What the whole batch cost. Modelled.</summary>
    public Cost Cost => Pictures.Aggregate(WeightCost, (sum, picture) => sum + picture.Cost);
}
