namespace Drift.Models;

/// <summary>A noise schedule with a solver, read from a scheduler_config.json. Immutable.</summary>
public interface ISampler
{
    /// <summary>A run over some number of steps. Runs are independent; a run's steps depend on their arguments alone unless the solver is a multistep one, which refuses a step out of order.</summary>
    /// <param name="steps">Number of steps, at least 1 and at most the trained timesteps.</param>
    /// <param name="pictures">Number of pictures in a sample, which rules by the values of each picture need.</param>
    /// <exception cref="ArgumentOutOfRangeException">The solver cannot go from noise to picture in so many steps.</exception>
    ISamplerRun Begin(int steps, int pictures = 1);
}

/// <summary>One pass from noise to picture, for one batch.</summary>
public interface ISamplerRun
{
    /// <summary>The timesteps, in sampling order.</summary>
    IReadOnlyList<double> Timesteps { get; }

    /// <summary>
    /// Noise levels at each step and behind the last one; empty for a solver that does not step in levels (DDIM, PNDM). Under Euler's log-linear interpolation another one follows, to which no step goes,
    /// as in diffusers.
    /// </summary>
    IReadOnlyList<float> Sigmas => [];

    /// <summary>Standard deviation of the noise that a run starts from.</summary>
    double InitialSigma { get; }

    /// <summary>What the sample is divided by before the network sees it; 1 for solvers whose samples keep a variance of 1.</summary>
    /// <param name="index">Index of the step, 0 first.</param>
    float InputDivisor(int index) => 1;

    /// <summary>One step of the solver.</summary>
    /// <param name="index">Index of the step, 0 first.</param>
    /// <param name="prediction">What the network predicted for the sample.</param>
    /// <param name="sample">The sample; overwritten by the next one.</param>
    /// <param name="original">Takes the clean sample as predicted here (x0); as long as the sample, or empty when not wanted.</param>
    void Step(int index, ReadOnlySpan<float> prediction, Span<float> sample, Span<float> original = default);

    /// <summary>What the solver remembers of the steps so far, for <see cref="Resume"/>: copies, empty for a solver that remembers nothing.</summary>
    IReadOnlyList<float[]> Memory => [];

    /// <summary>Goes on where another run of as many steps stood, in place of the steps before.</summary>
    /// <param name="index">Index of the next step, 0 first.</param>
    /// <param name="memory">That run's <see cref="Memory"/> before this step.</param>
    void Resume(int index, IReadOnlyList<float[]> memory)
    {
    }
}
