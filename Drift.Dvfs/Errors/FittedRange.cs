namespace Drift.Dvfs;

/// <summary>
/// The voltages and clocks between which a formula was fitted: the smallest box around its points, not their hull. A point within both ranges is held, however far it is from all that were fitted.
/// </summary>
/// <param name="Lowest">The lowest of both.</param>
/// <param name="Highest">The highest of both.</param>
public sealed record FittedRange(OperatingPoint Lowest, OperatingPoint Highest)
{
    /// <summary>The range of some points.</summary>
    /// <param name="points">At least one.</param>
    public static FittedRange Of(IEnumerable<OperatingPoint> points)
    {
        var all = points.ToList();
        return new FittedRange(
            new OperatingPoint(new Volts(all.Min(point => point.Voltage.Value)), new Hertz(all.Min(point => point.Frequency.Value))),
            new OperatingPoint(new Volts(all.Max(point => point.Voltage.Value)), new Hertz(all.Max(point => point.Frequency.Value))));
    }

    /// <summary>True for a point within it, its ends included.</summary>
    /// <param name="point">The point.</param>
    public bool Holds(OperatingPoint point) => point.Voltage.Value >= Lowest.Voltage.Value && point.Voltage.Value <= Highest.Voltage.Value
        && point.Frequency.Value >= Lowest.Frequency.Value && point.Frequency.Value <= Highest.Frequency.Value;

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"{Lowest.Voltage.Value}..{Highest.Voltage} with {Lowest.Frequency.Gigahertz}..{Highest.Frequency}");
}
