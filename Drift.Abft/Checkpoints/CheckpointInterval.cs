using Drift.Kernels;

namespace Drift.Abft;

/// <summary>
/// When checkpoints are saved, after mending: at step 0 and whenever step % interval == 1 (DRIFT, rollback-ABFT, rule 5). With interval 1 that remainder never
/// comes, and every step saves instead: that is what an interval of 1 means.
/// </summary>
public sealed record CheckpointInterval : ICheckpointSchedule
{
    /// <summary>The paper's interval for DiT and Stable Diffusion.</summary>
    public const int Paper = 10;

    /// <summary>An interval.</summary>
    /// <param name="steps">Steps from one checkpoint to the next, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than 1 step.</exception>
    public CheckpointInterval(int steps = Paper)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        Steps = steps;
    }

    /// <summary>Steps from one checkpoint to the next.</summary>
    public int Steps { get; }

    /// <summary>Whether a step's outputs are saved.</summary>
    /// <param name="step">Zero-based index of the step.</param>
    public bool IsDue(int step)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        return step == 0 || step % Steps == 1 % Steps;
    }

    /// <inheritdoc/>
    public bool IsDue(LayerKey layer, int step, long bytes) => IsDue(step);
}
