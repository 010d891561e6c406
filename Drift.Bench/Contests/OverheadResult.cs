using Drift.Kernels;

namespace Drift.Bench;

/// <summary>A form of our kernel beside its unprotected one. The properties are those of the JSON, in its order.</summary>
/// <param name="What">What was timed.</param>
/// <param name="Type">int8, fp32 or bf16.</param>
/// <param name="Label">The shape's name.</param>
/// <param name="Shape">M, N and K.</param>
/// <param name="Threads">Threads of either.</param>
/// <param name="Protection">The form; the unprotected one stands there a second time, as a control.</param>
/// <param name="Speed">Median speed of the form.</param>
/// <param name="Unit">Its unit.</param>
/// <param name="Percent">Time over the unprotected one's of the same round, less 1, in percent: the median of all rounds.</param>
/// <param name="Lower">Its lower quartile.</param>
/// <param name="Upper">Its upper quartile.</param>
/// <param name="Rounds">Rounds.</param>
/// <param name="Taken">Processors that other processes took from the measured threads, mean of the whole contest.</param>
internal sealed record OverheadResult(string What, string Type, string Label, GemmShape Shape, int Threads, string Protection, double Speed, string Unit, double Percent, double Lower, double Upper,
    int Rounds, double Taken)
{
    /// <summary>All forms of a contest but the unprotected one.</summary>
    /// <param name="contest">What met.</param>
    /// <param name="threads">Threads of each form.</param>
    /// <param name="times">What the bout gave.</param>
    /// <param name="taken">Processors that others took.</param>
    public static IEnumerable<OverheadResult> Of(Contest contest, int threads, BoutTimes times, double taken) => contest.Forms.Select((form, at) =>
    {
        var pair = times.Pair(0, at);
        double Percent(double ratio) => 100 * (ratio - 1);
        return new OverheadResult(contest.What, contest.Type, contest.Label, contest.Shape, threads, form.Protection, 1e-9 * contest.Operations / pair.Rival, contest.Unit,
            Percent(pair.Ratio.Median), Percent(pair.Ratio.Lower), Percent(pair.Ratio.Upper), pair.Rounds, taken);
    }).Skip(1);
}
