using Drift.Kernels;

namespace Drift.Dvfs;

/// <summary>
/// The paper's schedule: the first steps, where the picture's layout forms, and perhaps the last ones at the nominal point, the rest at another (DRIFT: two steps, then
/// 0.675 V; PixArt the first and the last).
/// </summary>
public sealed class DriftPolicy : IOperatingPolicy
{
    /// <summary>The paper's number of protected steps.</summary>
    public const int PaperSafeSteps = 2;

    private readonly OperatingPoint _point;
    private readonly int _safeSteps, _lastUnsafe;

    /// <summary>A schedule.</summary>
    /// <param name="point">The point of the steps between.</param>
    /// <param name="safeSteps">First steps at the nominal point, at least 0.</param>
    /// <param name="safeLastSteps">Last steps at the nominal point, at least 0.</param>
    /// <param name="steps">Steps of the run, which tell where the last ones are.</param>
    /// <exception cref="ArgumentOutOfRangeException">A negative number of steps.</exception>
    public DriftPolicy(OperatingPoint point, int safeSteps = PaperSafeSteps, int safeLastSteps = 0, int steps = int.MaxValue)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(safeSteps);
        ArgumentOutOfRangeException.ThrowIfNegative(safeLastSteps);
        ArgumentOutOfRangeException.ThrowIfNegative(steps);
        (_point, _safeSteps, _lastUnsafe) = (point, safeSteps, steps - safeLastSteps - 1);
    }

    /// <inheritdoc/>
    public OperatingPoint Choose(GemmSite site) => site.Step < _safeSteps || site.Step > _lastUnsafe ? OperatingPoint.Nominal : _point;

    /// <summary>Alarms change nothing here: the schedule is made beforehand.</summary>
    /// <inheritdoc/>
    public bool HearsAlarms => false;

    /// <inheritdoc/>
    public void Observe(GemmSite site, AlarmCount alarms)
    {
    }
}
