using MathNet.Numerics.Statistics;

namespace Drift.Bench;

/// <summary>Quartiles of ratios.</summary>
/// <param name="Lower">A quarter lies below.</param>
/// <param name="Median">Half do.</param>
/// <param name="Upper">Three quarters do.</param>
internal readonly record struct Quartiles(double Lower, double Median, double Upper)
{
    /// <summary>Of some values.</summary>
    public static Quartiles Of(IReadOnlyList<double> values) => new(values.LowerQuartile(), values.Median(), values.UpperQuartile());
}

/// <summary>A form's speed over another's, from rounds that both were in.</summary>
/// <param name="Ours">Median seconds of one run of ours.</param>
/// <param name="Rival">Median seconds of one of the other form.</param>
/// <param name="Ratio">The other's time over ours of the same round: all rounds.</param>
/// <param name="Rounds">Rounds.</param>
/// <param name="Placements">The median of each placement's rounds: every one has operands, weights and outputs of its own, elsewhere in memory.</param>
internal sealed record PairedRatio(double Ours, double Rival, Quartiles Ratio, int Rounds, IReadOnlyList<double> Placements);

/// <summary>What a bout gave.</summary>
/// <param name="Placements">Seconds of a run by placement, form and round.</param>
internal sealed record BoutTimes(IReadOnlyList<IReadOnlyList<IReadOnlyList<double>>> Placements)
{
    /// <summary>Two forms beside each other.</summary>
    /// <param name="ours">Which one is ours.</param>
    /// <param name="rival">Which one is the other.</param>
    public PairedRatio Pair(int ours, int rival)
    {
        List<List<double>> ratios = [.. Placements.Select(times => times[rival].Zip(times[ours], (theirs, mine) => theirs / mine).ToList())];
        return new PairedRatio(Placements.SelectMany(times => times[ours]).Median(), Placements.SelectMany(times => times[rival]).Median(), Quartiles.Of([.. ratios.SelectMany(ratio => ratio)]),
            ratios.Sum(ratio => ratio.Count), [.. ratios.Select(ratio => ratio.Median())]);
    }
}
