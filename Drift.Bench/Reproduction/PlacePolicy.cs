using Drift.Dvfs;
using Drift.Kernels;

namespace Drift.Bench;

/// <summary>Faults in some places alone: a point there, the nominal one elsewhere.</summary>
/// <param name="where">Which products run at the point.</param>
/// <param name="point">The point.</param>
internal sealed class PlacePolicy(Func<GemmSite, bool> where, OperatingPoint point) : IOperatingPolicy
{
    /// <inheritdoc/>
    public OperatingPoint Choose(GemmSite site) => where(site) ? point : OperatingPoint.Nominal;

    /// <summary>Alarms change nothing here.</summary>
    /// <inheritdoc/>
    public void Observe(GemmSite site, AlarmCount alarms)
    {
    }
}
