using Drift.Kernels;

namespace Drift.Dvfs;

/// <summary>A line of a schedule.</summary>
/// <param name="Where">Which part of the run.</param>
/// <param name="Point">Where its products execute.</param>
public sealed record PointRule(SiteRange Where, OperatingPoint Point);

/// <summary>A schedule made beforehand, by step, block and role. Of the rules that cover a product the last one counts; a product that none covers runs at the nominal point.</summary>
/// <param name="rules">The rules, general ones first.</param>
public sealed class TablePolicy(IReadOnlyList<PointRule> rules) : IOperatingPolicy
{
    /// <inheritdoc/>
    public OperatingPoint Choose(GemmSite site)
    {
        for (var i = rules.Count - 1; i >= 0; i--)
        {
            if (rules[i].Where.Contains(site))
                return rules[i].Point;
        }

        return OperatingPoint.Nominal;
    }

    /// <summary>Alarms change nothing here: the schedule is made beforehand.</summary>
    /// <inheritdoc/>
    public bool HearsAlarms => false;

    /// <inheritdoc/>
    public void Observe(GemmSite site, AlarmCount alarms)
    {
    }
}
