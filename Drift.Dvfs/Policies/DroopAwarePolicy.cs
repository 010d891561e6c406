using Drift.Kernels;

namespace Drift.Dvfs;

/// <summary>
/// Another policy with a guard against droops: a product whose share of flagged lines surges above what went before raises the supply for the products to come, as long as a droop rings; then the other
/// policy's choice holds again. The surge itself is not reported onwards, so that a closed loop does not chase it.
/// </summary>
public sealed class DroopAwarePolicy : IOperatingPolicy
{
    // A running mean over some eight products; a surge must be this many times it, and not a handful of lines.
    private const double Memory = 0.125, Surge = 2;
    private const int LeastSurplus = 16;
    private readonly IOperatingPolicy _inner;
    private readonly Volts _guard;
    private readonly int _hold;
    private double? _usual;
    private int _left;

    /// <summary>A guard around a policy.</summary>
    /// <param name="inner">The policy.</param>
    /// <param name="guard">By how much the supply is raised, above 0; never beyond the nominal one.</param>
    /// <param name="hold">For how many products, at least 1.</param>
    public DroopAwarePolicy(IOperatingPolicy inner, Volts guard, int hold)
    {
        ArgumentNullException.ThrowIfNull(inner);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(guard.Value, nameof(guard));
        ArgumentOutOfRangeException.ThrowIfLessThan(hold, 1);
        (_inner, _guard, _hold) = (inner, guard, hold);
    }

    /// <inheritdoc/>
    public OperatingPoint Choose(GemmSite site)
    {
        var point = _inner.Choose(site);
        if (_left == 0)
            return point;
        var nominal = OperatingPoint.Nominal.Voltage.Value;
        return point with { Voltage = new Volts(Math.Max(point.Voltage.Value, Math.Min(nominal, point.Voltage.Value + _guard.Value))) };
    }

    /// <inheritdoc/>
    public void Observe(GemmSite site, AlarmCount alarms)
    {
        if (alarms.Lines == 0)
            return;
        var share = (double)alarms.Flagged / alarms.Lines;
        if (_left > 0)
        {
            // Under the guard fewer lines are flagged than the inner policy's point would have: that is not its doing either.
            _left--;
            return;
        }

        if (_usual is { } usual && share > Surge * usual && alarms.Flagged - usual * alarms.Lines > LeastSurplus)
        {
            _left = _hold;
            return;
        }

        _usual = _usual is { } before ? before + Memory * (share - before) : share;
        _inner.Observe(site, alarms);
    }
}
