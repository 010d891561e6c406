using Drift.Kernels;

namespace Drift.Dvfs;

/// <summary>Everything at one point.</summary>
/// <param name="point">The point.</param>
public sealed class UniformPolicy(OperatingPoint point) : IOperatingPolicy
{
    /// <inheritdoc/>
    public OperatingPoint Choose(GemmSite site) => point;

    /// <summary>Alarms change nothing here.</summary>
    /// <inheritdoc/>
    public bool HearsAlarms => false;

    /// <inheritdoc/>
    public void Observe(GemmSite site, AlarmCount alarms)
    {
    }
}
