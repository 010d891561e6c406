using Drift.Models;

namespace Drift.Bench;

/// <summary>
/// When a cell has trials enough: a pure function of its trials in order, looked at after 16, 20, 25, 32, ... of them. So it says the same however trials were shared out.
/// </summary>
internal static class StoppingRule
{
    /// <summary>Student's t, widened for the looks.</summary>
    public const string Student = "t";

    /// <summary>Empirical Bernstein: wide, and sure for any distribution in a range.</summary>
    public const string Bernstein = "bernstein";

    /// <summary>
    /// A run that stops at the first narrow interval stops where the variance happens to look small, so t at its nominal 95 % covers 94.3 %; asked for 96 % it covers at
    /// least 95 % of means of bell-shaped and uniform values (docs/campaigns.md has the simulation, a test repeats it).
    /// </summary>
    public const double StudentConfidence = 0.96;

    private const double Growth = 1.25;

    /// <summary>The number of trials at the look after some number.</summary>
    /// <param name="stopping">The plan's.</param>
    /// <param name="trials">Trials at the look before; 0 for the first look.</param>
    public static int NextLook(Stopping stopping, int trials) => stopping.HalfWidth is null || trials == 0 && stopping.Floor >= stopping.Ceiling
        ? stopping.Ceiling
        : trials == 0 ? stopping.Floor : Math.Min(stopping.Ceiling, (int)Math.Ceiling(trials * Growth));

    /// <summary>Which look has some number of trials, 1 first.</summary>
    public static int LookOf(Stopping stopping, int trials)
    {
        var look = 1;
        for (var at = NextLook(stopping, 0); at < trials; at = NextLook(stopping, at))
            look++;
        return look;
    }

    /// <summary>A metric's interval, as the rule sees it.</summary>
    /// <param name="stopping">The plan's.</param>
    /// <param name="metric">What was measured.</param>
    /// <param name="values">Its values so far.</param>
    public static ConfidenceInterval Interval(Stopping stopping, Metric metric, RunningMean values) => metric.IsProportion
        ? ConfidenceInterval.OfProportion((long)Math.Round(values.Mean * values.Count), values.Count)
        : stopping.Bound == Bernstein ? values.Bernstein(metric.Range!.Value, LookOf(stopping, values.Count))
        : values.Student(stopping.HalfWidth is null ? 0.95 : StudentConfidence);

    /// <summary>Whether trials are enough at a look.</summary>
    /// <param name="stopping">The plan's.</param>
    /// <param name="metric">The metric that decides.</param>
    /// <param name="values">Its values so far.</param>
    public static bool IsEnough(Stopping stopping, Metric metric, RunningMean values)
    {
        if (values.Count >= stopping.Ceiling)
            return true;
        var interval = Interval(stopping, metric, values);
        return stopping.HalfWidth is { } half && values.Count >= stopping.Floor && (interval.High - interval.Low) / 2 <= half;
    }
}
