using Drift.Kernels;

namespace Drift.Dvfs;

/// <summary>What a closed loop aims at and may do.</summary>
/// <param name="TargetRate">Large errors wanted, as the rate per element of all hits; 0..1.</param>
/// <param name="Lowest">The lowest supply that it may choose.</param>
/// <param name="Highest">The highest one.</param>
public sealed record LoopSettings(double TargetRate, Volts Lowest, Volts Highest)
{
    /// <summary>Share of hits that a threshold of 2^10 shows, above 0 and up to 1: bits 10..30 of 31.</summary>
    public double LargeShare { get; init; } = 21.0 / 31;

    /// <summary>Alarms expected at the target before a decision, at least 1: the estimate is then good to 1 / sqrt of it.</summary>
    public int Evidence { get; init; } = 256;

    /// <summary>How far the estimated rate may lie from the target, as a factor of at least 1, before the supply moves.</summary>
    public double Band { get; init; } = 1.2;

    /// <summary>The most that the supply falls at one decision, above 0: what bounds the overshoot. Up it goes as far as it must.</summary>
    public Volts Descent { get; init; } = new(0.01);

    /// <summary>The regulator's resolution, above 0; supplies are multiples of it.</summary>
    public Volts Resolution { get; init; } = new(0.005);
}

/// <summary>
/// A closed loop: alarms are counted until enough are expected, the rate that they imply is compared with the target, and where it has left a band the supply goes to where the assumed table, moved to
/// agree with what was seen, has the target. The table's level may be wrong by any factor; its shape only decides how many decisions are needed.
/// </summary>
/// <remarks>
/// A line of T elements is flagged with a chance of 1 - (1 - q)^T, q being the rate of large errors. Bound: the supply falls only on a window that showed less than 1 / Band of the target, and by no more
/// than Descent, so it never goes more than Descent below the right point but by the window's own error, one part in sqrt(Evidence), which at 50 / V is 1.3 mV.
/// </remarks>
public sealed class AdaptivePolicy : IOperatingPolicy
{
    // Below this a table is as good as free of errors, and logarithms lose their meaning.
    private const double Floor = 1e-9, MostFlagged = 0.98;

    /// <summary>Bits that can flip, as in the paper's profile: what a rate per bit is converted with.</summary>
    private const int Bits = 31;

    private readonly IErrorRates _assumed;
    private readonly LoopSettings _settings;
    private readonly double _level;
    private double _volts, _flagged, _lines, _expected;

    /// <summary>A loop that starts where the assumed table has the target.</summary>
    /// <param name="assumed">What is believed about the chip.</param>
    /// <param name="settings">What it aims at.</param>
    /// <param name="level">A factor on the assumed rates: 1 to believe them.</param>
    /// <exception cref="ArgumentException">There is no range of supplies, or no target; another setting is out of its range; or the table's rates are per MAC (<see cref="CanBelieve"/>).</exception>
    public AdaptivePolicy(IErrorRates assumed, LoopSettings settings, double level = 1)
    {
        ArgumentNullException.ThrowIfNull(assumed);
        ArgumentNullException.ThrowIfNull(settings);
        if (!(settings.TargetRate is > 0 and < 1 && settings.Lowest.Value < settings.Highest.Value && level > 0))
            throw new ArgumentException($"a loop needs a target between 0 and 1, a range of supplies and a positive level, not {settings.TargetRate}, {settings.Lowest}..{settings.Highest}, {level}", nameof(settings));
        if (!(settings is { LargeShare: > 0 and <= 1, Evidence: >= 1, Band: >= 1, Descent.Value: > 0, Resolution.Value: > 0 }))
        {
            throw new ArgumentException(
                $"a loop needs a share of large errors above 0 and up to 1, evidence and a band of at least 1, and a descent and a resolution above 0, not {settings.LargeShare}, {settings.Evidence}, {settings.Band}, {settings.Descent}, {settings.Resolution}",
                nameof(settings));
        }

        if (!CanBelieve(assumed, settings))
            throw new ArgumentException($"a loop believes rates per element or per bit, not those of {assumed.Name}", nameof(assumed));
        (_assumed, _settings, _level) = (assumed, settings, level);
        _volts = SupplyFor(settings.TargetRate);
    }

    /// <summary>False for rates per MAC: what they come to in an element depends on the depth of the product, which a loop is not told.</summary>
    /// <param name="assumed">What is to be believed.</param>
    /// <param name="settings">What is aimed at.</param>
    public static bool CanBelieve(IErrorRates assumed, LoopSettings settings)
    {
        ArgumentNullException.ThrowIfNull(assumed);
        ArgumentNullException.ThrowIfNull(settings);
        var (low, high, step) = (settings.Lowest.Value, settings.Highest.Value, settings.Resolution.Value);
        // A table may end below the highest supply: its first rate on the way down tells the unit.
        return Enumerable.Range(0, Math.Max(0, (int)Math.Ceiling((high - low) / step)) + 1).Select(below => Math.Max(low, Math.Round(high - below * step, 6)))
            .Select(volts => assumed.Find(OperatingPoint.Nominal with { Voltage = new Volts(volts) })?.Unit).FirstOrDefault(unit => unit is not null) != RateUnit.PerMac;
    }

    /// <summary>The supply as it stands.</summary>
    public Volts Supply => new(_volts);

    /// <inheritdoc/>
    public OperatingPoint Choose(GemmSite site) => OperatingPoint.Nominal with { Voltage = Supply };

    /// <inheritdoc/>
    public void Observe(GemmSite site, AlarmCount alarms)
    {
        if (alarms.Lines == 0)
            return;
        var target = Trials.AnyOf(_settings.TargetRate * _settings.LargeShare, alarms.Tile);
        (_flagged, _lines, _expected) = (_flagged + alarms.Flagged, _lines + alarms.Lines, _expected + target * alarms.Lines);
        if (Math.Max(_expected, _flagged) < _settings.Evidence)
            return;
        // At least half an alarm: nothing seen is not a rate of nothing.
        var share = Math.Min(MostFlagged, Math.Max(_flagged, 0.5) / _lines);
        var rate = Math.Min(1, Trials.AnyOf(share, 1.0 / alarms.Tile) / _settings.LargeShare);
        (_flagged, _lines, _expected) = (0, 0, 0);
        var ratio = rate / _settings.TargetRate;
        if (ratio > _settings.Band || ratio < 1 / _settings.Band)
            Move(rate);
    }

    /// <summary>To where the assumed table, moved so that it has the rate just seen at the supply just used, has the target.</summary>
    private void Move(double rate)
    {
        var wanted = SupplyFor(_settings.TargetRate * Math.Max(Floor, Assumed(_volts)) / rate);
        var next = Math.Max(wanted, OnGrid(_volts - _settings.Descent.Value));
        // Too many alarms never lower the supply, too few never raise it, whatever a table's flat stretch says.
        _volts = rate > _settings.TargetRate ? Math.Max(next, OnGrid(Math.Min(_settings.Highest.Value, _volts + _settings.Resolution.Value))) : Math.Min(next, _volts);
    }

    /// <summary>The lowest supply on the grid at which the assumed table has no more than a rate.</summary>
    private double SupplyFor(double rate)
    {
        var (low, high) = (_settings.Lowest.Value, _settings.Highest.Value);
        if (Assumed(low) <= rate)
            return OnGrid(low);
        while (high - low > _settings.Resolution.Value / 16)
        {
            var middle = (low + high) / 2;
            (low, high) = Assumed(middle) <= rate ? (low, middle) : (middle, high);
        }

        return OnGrid(high);
    }

    private double Assumed(double volts) =>
        _assumed.Find(OperatingPoint.Nominal with { Voltage = new Volts(volts) })?.To(RateUnit.PerElement, 1, Bits).Value * _level ?? Floor;

    /// <summary>The next supply of the grid that is no lower, a hair's breadth aside.</summary>
    private double OnGrid(double volts) =>
        Math.Clamp(Math.Round(Math.Ceiling(volts / _settings.Resolution.Value - 0.0625) * _settings.Resolution.Value, 6), _settings.Lowest.Value, _settings.Highest.Value);
}
