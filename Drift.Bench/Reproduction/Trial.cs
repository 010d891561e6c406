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

/// <summary>What a trial's pictures are worth beside the nominal ones, a value a picture. Measured.</summary>
/// <param name="Error">Root mean square difference, grey levels of 255.</param>
/// <param name="Distance">Feature distance in LPIPS' form; null where no shipped network sees such pictures.</param>
/// <param name="Clip">CLIP score; null where pictures have no prompts or no CLIP is at hand.</param>
/// <param name="Ledger">All pictures' ledgers together.</param>
/// <param name="Cost">What the whole batch cost. Modelled.</param>
internal sealed record TrialResult(IReadOnlyList<double> Error, IReadOnlyList<double>? Distance, IReadOnlyList<double>? Clip, RunLedger Ledger, Cost Cost)
{
    private const double Peak = 255;

    /// <summary>The damage that claims are judged by: the feature distance, or the root mean square difference where there is none.</summary>
    public IReadOnlyList<double> Damage => Distance ?? Error;

    /// <summary>PSNR of the mean squared error over all pictures, dB; null where all are equal.</summary>
    public double? Psnr => Error.Average(error => error * error) is var squared and > 0 ? 10 * Math.Log10(Peak * Peak / squared) : null;

    /// <summary>Flips injected into a picture.</summary>
    public double FaultsPerPicture => (double)Ledger.FaultsInjected / Error.Count;
}
