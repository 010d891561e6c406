using Drift.Kernels;

namespace Drift.Dvfs;

/// <summary>Some places of the run at a point, the rest at the nominal one: how resilience is studied, place by place.</summary>
/// <param name="point">The point of the products there.</param>
/// <param name="where">Which products are meant, as <see cref="SiteRange.Contains"/> says of a range.</param>
public sealed class PlacePolicy(OperatingPoint point, Func<GemmSite, bool> where) : IOperatingPolicy
{
    /// <inheritdoc/>
    public OperatingPoint Choose(GemmSite site) => where(site) ? point : OperatingPoint.Nominal;

    /// <summary>Alarms change nothing here: the places are fixed.</summary>
    /// <inheritdoc/>
    public bool HearsAlarms => false;

    /// <inheritdoc/>
    public void Observe(GemmSite site, AlarmCount alarms)
    {
    }
}
