using System.Globalization;
using MathNet.Numerics;

namespace Drift.Bench;

/// <summary>
/// ReaLM's critical region (arXiv 2503.24053): where damage begins, log2(frequency) = a log2(MSD) - b, with MSD the sum of the magnitudes of a product's deviations. Here a
/// frequency is the hits of a 1,000-element product, its MSD that many times 2^bit, and damage begins where the mean falls below a level.
/// </summary>
/// <param name="Slope">a.</param>
/// <param name="Offset">b.</param>
/// <param name="Quality">R squared.</param>
/// <param name="Level">The level of the first metric.</param>
/// <param name="Points">log2 of MSD and of frequency at each bit where damage begins within the rates.</param>
internal sealed record CriticalRegion(double Slope, double Offset, double Quality, double Level, IReadOnlyList<(double Msd, double Frequency)> Points)
{
    private const double Elements = 1000;
    private const int FewestPoints = 3;

    /// <summary>Fits a campaign over bits and rates.</summary>
    /// <param name="plan">The campaign.</param>
    /// <param name="means">Mean of each cell.</param>
    /// <param name="level">Where damage begins.</param>
    /// <returns>Null where the campaign has not both axes, or damage begins within the rates at fewer than three bits.</returns>
    public static CriticalRegion? Fit(CampaignPlan plan, IReadOnlyList<double> means, double level)
    {
        var (bits, rates) = (Place(plan, Axes.Bit), Place(plan, Axes.Rate));
        if (bits < 0 || rates < 0)
            return null;
        var points = Enumerable.Range(0, means.Count).GroupBy(cell => plan.ValuesOf(cell)[bits]).Select(ofBit =>
        {
            var curve = ofBit.GroupBy(cell => Number(plan.ValuesOf(cell)[rates])).OrderBy(ofRate => ofRate.Key).Select(ofRate => (Rate: ofRate.Key, Mean: ofRate.Average(cell => means[cell]))).ToList();
            return Crossing(curve, level) is { } rate ? (Msd: Math.Log2(rate * Elements) + Number(ofBit.Key), Frequency: Math.Log2(rate * Elements)) : default((double Msd, double Frequency)?);
        }).OfType<(double Msd, double Frequency)>().ToList();
        if (points.Count < FewestPoints)
            return null;
        var (x, y) = (points.Select(point => point.Msd).ToArray(), points.Select(point => point.Frequency).ToArray());
        var (intercept, slope) = MathNet.Numerics.Fit.Line(x, y);
        return new CriticalRegion(slope, -intercept, GoodnessOfFit.RSquared(x.Select(msd => intercept + slope * msd), y), level, points);
    }

    /// <summary>The rate at which a curve falls through the level, between two points on a logarithmic scale.</summary>
    private static double? Crossing(List<(double Rate, double Mean)> curve, double level)
    {
        for (var i = 1; i < curve.Count; i++)
        {
            var (before, after) = (curve[i - 1], curve[i]);
            if (before.Mean >= level && after.Mean < level)
                return before.Rate * Math.Pow(after.Rate / before.Rate, (before.Mean - level) / (before.Mean - after.Mean));
        }

        return null;
    }

    private static int Place(CampaignPlan plan, string axis) => plan.Axes.ToList().FindIndex(found => found.Name == axis);

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
