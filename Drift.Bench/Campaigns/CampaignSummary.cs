namespace Drift.Bench;

/// <summary>What a campaign says as a whole: summary.json, and the head of its page. All of it follows from the cells.</summary>
/// <param name="Plan">The plan's hash.</param>
/// <param name="Cells">Number of cells.</param>
/// <param name="Trials">Trials of all of them.</param>
/// <param name="WidestHalf">Half of the widest interval of the first metric.</param>
/// <param name="AtCeiling">Cells that stopped at the ceiling, their intervals wider than asked.</param>
/// <param name="FixedTrials">Trials that a size fixed beforehand would take for the same widths; null where none was asked, or the metric has no range.</param>
/// <param name="Shares">Shares of variance; null where cells do not differ.</param>
/// <param name="Critical">ReaLM's critical region; null where the campaign is not over bits and rates.</param>
internal sealed record CampaignSummary(string Plan, int Cells, long Trials, double WidestHalf, int AtCeiling, double? FixedTrials, VarianceShares? Shares, CriticalRegion? Critical)
{
    /// <summary>Where damage begins, in the first metric: 3 dB below the best cell, or a tenth of the way to the worst.</summary>
    private const double Decibels = 3, Share = 0.1;

    /// <summary>Sums a campaign up.</summary>
    /// <param name="plan">The campaign.</param>
    /// <param name="states">One a cell.</param>
    public static CampaignSummary Of(CampaignPlan plan, IReadOnlyList<CellState> states)
    {
        var metric = Metric.Named(plan.Metrics[0]);
        var halves = Enumerable.Range(0, states.Count).Select(cell => states[cell].Interval(0)).Select(interval => (interval.High - interval.Low) / 2).ToList();
        double[] means = [.. states.Select(state => state.Metrics[0].Mean)];
        double[] noise = [.. states.Select(state => state.Metrics[0].Variance / state.Count)];
        double best = metric.MoreIsBetter ? means.Max() : means.Min(), worst = metric.MoreIsBetter ? means.Min() : means.Max();
        var level = metric.Unit == "dB" ? best - Decibels : best + Share * (worst - best);
        var (signed, signedLevel) = metric.MoreIsBetter ? (means, level) : ([.. means.Select(mean => -mean)], -level);
        var width = plan.Stopping.HalfWidth;
        return new CampaignSummary(plan.Hash(), states.Count, states.Sum(state => (long)state.Count), halves.DefaultIfEmpty(double.NaN).Max(),
            width is null ? 0 : halves.Count(half => half > width),
            width is { } half && metric.Range is { } range ? states.Count * Math.Ceiling(FaultSample.Size(double.PositiveInfinity, half / range)) : null,
            VarianceShares.Of(plan, means, noise), CriticalRegion.Fit(plan, signed, signedLevel));
    }

    /// <summary>Lines for people.</summary>
    /// <param name="plan">The campaign.</param>
    public IEnumerable<string> Lines(CampaignPlan plan)
    {
        var unit = Metric.Named(plan.Metrics[0]).Unit;
        yield return $"{Numerals.Count(Cells, "cell")}, {Numerals.Count(Trials, "trial")}; {(double.IsNaN(WidestHalf) ? "no cell has the two trials that an interval takes" : $"widest interval of {plan.Metrics[0]} ±{Text(WidestHalf)} {unit}".TrimEnd())}" + (AtCeiling > 0 ? $"; {AtCeiling} cells stopped at {plan.Stopping.Ceiling} trials, wider than asked." : ".");
        if (FixedTrials is { } size)
            yield return $"A sample of fixed size for the same widths (Leveugle et al., DATE 2009, planned for the worst variance) would take {Text(size)} trials; the sequential rule took {Text(100 * Trials / size)} % of them.";
        if (Shares is { } shares)
        {
            yield return $"Shares of the variance between cells: {string.Join(", ", plan.Axes.Zip(shares.Axes, (axis, share) => $"{axis.Name} {Text(100 * share)} %").Concat(shares.Pairs.Select(pair => $"{pair.Key} {Text(100 * pair.Value)} %")))}; "
                + $"the noise of the means accounts for {Text(100 * shares.Noise)} %.";
        }

        if (Critical is { } critical)
            yield return $"Critical region where {plan.Metrics[0]} falls below {Text(critical.Level)}: log2(frequency) = {Text(critical.Slope)} log2(MSD) - {Text(critical.Offset)}, R squared {Text(critical.Quality)}, {critical.Points.Count} bits.";
        if (plan.Outliers != 1)
            yield return $"EXPERIMENT: 4 of 128 value channels of every block are rescaled by {Text(plan.Outliers)}, which leaves the network's function as it is.";
    }

    private static string Text(double value) => Numerals.Of(value, "0.##");
}
