namespace Drift.Bench;

/// <summary>
/// How much of the variance between cells each axis explains, as an analysis of variance of a full product counts it: the sum of squares of an axis' means over that of
/// all cells (R. A. Fisher, Statistical Methods for Research Workers, 1925). What no axis explains alone is their interactions and the noise of the means.
/// </summary>
/// <param name="Axes">Share of each axis, in the plan's order.</param>
/// <param name="Pairs">Share of each pair's interaction; empty for fewer than two axes.</param>
/// <param name="Noise">Share that the cells' own intervals account for: mean of variance / trials.</param>
internal sealed record VarianceShares(IReadOnlyList<double> Axes, IReadOnlyDictionary<string, double> Pairs, double Noise)
{
    /// <summary>Counts a campaign's.</summary>
    /// <param name="plan">The campaign.</param>
    /// <param name="means">Mean of each cell, the last axis running fastest.</param>
    /// <param name="noise">Variance of each mean.</param>
    /// <returns>Null where all cells have one mean, so that there is nothing to share.</returns>
    public static VarianceShares? Of(CampaignPlan plan, IReadOnlyList<double> means, IReadOnlyList<double> noise)
    {
        var grand = means.Average();
        var total = means.Sum(mean => (mean - grand) * (mean - grand));
        if (!(total > 0))
            return null;
        var places = Enumerable.Range(0, means.Count).Select(cell => plan.ValuesOf(cell)).ToList();
        double Explained(Func<string[], string> level) => Enumerable.Range(0, means.Count).GroupBy(cell => level(places[cell]))
            .Sum(group => group.Count() * Math.Pow(group.Average(cell => means[cell]) - grand, 2)) / total;
        var mains = plan.Axes.Select((_, i) => Explained(values => values[i])).ToList();
        var pairs = new Dictionary<string, double>();
        for (var a = 0; a < plan.Axes.Count; a++)
        {
            for (var b = a + 1; b < plan.Axes.Count; b++)
                pairs[$"{plan.Axes[a].Name} x {plan.Axes[b].Name}"] = Explained(values => $"{values[a]}\n{values[b]}") - mains[a] - mains[b];
        }

        return new VarianceShares(mains, pairs, noise.Where(double.IsFinite).DefaultIfEmpty(0).Sum() / total);
    }
}
