using Drift.Kernels;

namespace Drift.Dvfs;

/// <summary>A line of a schedule: a part of the run, and its point.</summary>
/// <param name="Steps">Its steps, 0 first; null for all.</param>
/// <param name="Blocks">Its blocks; null for all.</param>
/// <param name="Roles">Its roles; null for all.</param>
/// <param name="Point">Where its products execute.</param>
public sealed record PointRule(IReadOnlySet<int>? Steps, IReadOnlySet<int>? Blocks, IReadOnlySet<GemmRole>? Roles, OperatingPoint Point)
{
    /// <summary>Whether a product belongs to the part.</summary>
    /// <param name="site">Where the product stands.</param>
    public bool Covers(GemmSite site) => Steps?.Contains(site.Step) != false && Blocks?.Contains(site.Block) != false && Roles?.Contains(site.Role) != false;
}

/// <summary>A schedule made beforehand, by step, block and role. Of the rules that cover a product the last one counts; a product that none covers runs at the nominal point.</summary>
/// <param name="rules">The rules, general ones first.</param>
public sealed class TablePolicy(IReadOnlyList<PointRule> rules) : IOperatingPolicy
{
    /// <inheritdoc/>
    public OperatingPoint Choose(GemmSite site)
    {
        for (var i = rules.Count - 1; i >= 0; i--)
        {
            if (rules[i].Covers(site))
                return rules[i].Point;
        }

        return OperatingPoint.Nominal;
    }

    /// <summary>Alarms change nothing here: the schedule is made beforehand.</summary>
    /// <inheritdoc/>
    public void Observe(GemmSite site, AlarmCount alarms)
    {
    }
}
