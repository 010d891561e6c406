using Drift.Kernels;

namespace Drift.Dvfs;

/// <summary>The paper's schedule: the first steps at the nominal point, where the picture's layout forms, the rest at another (DRIFT: two steps, then 0.675 V).</summary>
public sealed class DriftPolicy : IOperatingPolicy
{
    /// <summary>The paper's number of protected steps.</summary>
    public const int PaperSafeSteps = 2;

    private readonly OperatingPoint _point;
    private readonly int _safeSteps;

    /// <summary>A schedule.</summary>
    /// <param name="point">The point of all later steps.</param>
    /// <param name="safeSteps">Steps at the nominal point, at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">A negative number of steps.</exception>
    public DriftPolicy(OperatingPoint point, int safeSteps = PaperSafeSteps)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(safeSteps);
        (_point, _safeSteps) = (point, safeSteps);
    }

    /// <inheritdoc/>
    public OperatingPoint Choose(GemmSite site) => site.Step < _safeSteps ? OperatingPoint.Nominal : _point;

    /// <summary>Alarms change nothing here: the schedule is made beforehand.</summary>
    /// <inheritdoc/>
    public void Observe(GemmSite site, int alarms)
    {
    }
}
