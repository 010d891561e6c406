using Drift.Kernels;

namespace Drift.Dvfs;

/// <summary>One part of the run at a point, the rest at the nominal one: how resilience is studied, place by place.</summary>
/// <param name="point">The point of the products in the range.</param>
/// <param name="range">The part.</param>
public sealed class RangePolicy(OperatingPoint point, SiteRange range) : IOperatingPolicy
{
    /// <inheritdoc/>
    public OperatingPoint Choose(GemmSite site) => range.Contains(site) ? point : OperatingPoint.Nominal;

    /// <summary>Alarms change nothing here: the range is fixed.</summary>
    /// <inheritdoc/>
    public void Observe(GemmSite site, AlarmCount alarms)
    {
    }
}
