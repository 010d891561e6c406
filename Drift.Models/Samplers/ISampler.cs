namespace Drift.Models;

/// <summary>A noise schedule with a solver, read from a scheduler_config.json. Immutable.</summary>
public interface ISampler
{
    /// <summary>A run over some number of steps. Runs are independent, and a run's steps depend on their arguments alone unless the solver is a multistep one.</summary>
    /// <param name="steps">Number of steps, at least 1 and at most the trained timesteps.</param>
    ISamplerRun Begin(int steps);
}

/// <summary>One pass from noise to picture, for one batch.</summary>
public interface ISamplerRun
{
    /// <summary>The timesteps, in sampling order.</summary>
    IReadOnlyList<double> Timesteps { get; }

    /// <summary>Standard deviation of the noise that a run starts from.</summary>
    double InitialSigma { get; }

    /// <summary>One step of the solver.</summary>
    /// <param name="index">Index of the step, 0 first.</param>
    /// <param name="prediction">What the network predicted for the sample.</param>
    /// <param name="sample">The sample; overwritten by the next one.</param>
    /// <param name="original">Takes the clean sample as predicted here (x0); as long as the sample, or empty when not wanted.</param>
    void Step(int index, ReadOnlySpan<float> prediction, Span<float> sample, Span<float> original = default);
}
