namespace Drift.Bench;

/// <summary>A curve to be drawn.</summary>
/// <param name="Name">Its name, which is that of its quoted twin.</param>
/// <param name="Here">What it is in the small model, where that is not the paper's.</param>
/// <param name="At">The trial at a place.</param>
internal sealed record DamageSeries(string Name, string Here, Func<DamagePlace, Trial> At)
{
    /// <summary>What its pictures are held against; null for the nominal run.</summary>
    public Trial? Reference { get; init; }
}

/// <summary>A place on the axis of a damage table.</summary>
/// <param name="X">Rate, voltage or clock.</param>
/// <param name="Rate">The rate that the paper gives for it, under which its figures are quoted.</param>
internal sealed record DamagePlace(double X, double Rate);

/// <summary>The axis of a damage table.</summary>
/// <param name="Name">Its name in CSV.</param>
/// <param name="Title">Its name for people.</param>
/// <param name="Places">In the order of growing stress.</param>
/// <param name="Logarithmic">Whether it is drawn by its logarithm.</param>
internal sealed record DamageAxis(string Name, string Title, IReadOnlyList<DamagePlace> Places, bool Logarithmic)
{
    /// <summary>The rates of a budget.</summary>
    public static DamageAxis Rates(Budget budget) => new("rate", "rate per element", [.. budget.Rates.Select(rate => new DamagePlace(rate, rate))], true);
}
