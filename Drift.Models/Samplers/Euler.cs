namespace Drift.Models;

/// <summary>
/// diffusers' EulerDiscreteScheduler without churn: Euler's method on the ODE of Karras et al. (2022) in sigma. Its samples have variance 1 + sigma^2, so the
/// network sees them divided. Immutable.
/// </summary>
public sealed class Euler : ISampler
{
    private readonly NoiseLevels _levels;
    private readonly PredictionType _predicts;
    private readonly string _spacing;
    private readonly int _offset;
    private readonly bool _geometric, _continuous, _endsAtZero;
    private readonly Func<double, double, int, double[]>? _levelled;
    private readonly double? _least, _most;

    internal Euler(ModelConfig config)
    {
        _geometric = config.Choice("interpolation_type", "linear", "log_linear") == "log_linear";
        _continuous = config.Choice("timestep_type", "discrete", "continuous") == "continuous";
        _levels = NoiseLevels.Read(config);
        _predicts = PredictionTypes.Read(config);
        _spacing = config.Choice(TimestepSpacing.Setting, "linspace", "leading", "trailing");
        _offset = config.Integer("steps_offset", 0, least: 0);
        _levelled = LevelSpacing.Read(config);
        _endsAtZero = config.Choice("final_sigmas_type", "zero", "sigma_min") == "zero";
        _least = Bound(config, "sigma_min");
        _most = Bound(config, "sigma_max");
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">More steps than the schedule has timesteps for, or less than one.</exception>
    public ISamplerRun Begin(int steps, int pictures = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(steps, _levels.Trained);
        double[] timesteps = _spacing switch
        {
            "linspace" => [.. TimestepSpacing.Linspace(0, _levels.Trained - 1, steps).Select(value => (double)(float)value).Reverse()],
            "leading" => [.. TimestepSpacing.Leading(steps, _levels.Trained / steps, _offset)],
            _ => [.. TimestepSpacing.Trailing(_levels.Trained, _levels.Trained, steps)],
        };
        var sigmas = _geometric ? Geometric(steps) : Array.ConvertAll(timesteps, _levels.At);
        if (_levelled is not null)
        {
            sigmas = _levelled(_most ?? sigmas[0], _least ?? sigmas[^1], steps);
            timesteps = Array.ConvertAll(sigmas, sigma => (double)(float)_levels.TimestepAt(sigma));
        }

        // diffusers names levels by their logarithms where a velocity is predicted only.
        if (_continuous && _predicts == PredictionType.Velocity)
            timesteps = Array.ConvertAll(sigmas, sigma => (double)(0.25f * MathF.Log((float)sigma)));
        return new Run(this, timesteps, [.. sigmas.Select(sigma => (float)sigma), _endsAtZero ? 0 : _levels.Least]);
    }

    /// <summary>
    /// Levels whose logarithms lie at equal distances over the whole table, one more than steps. As diffusers has it, the timesteps stay those of the spacing, so that a run ends at the least
    /// level and not at the one behind it.
    /// </summary>
    private double[] Geometric(int steps) =>
        Array.ConvertAll(NoiseSchedule.Linspace(MathF.Log(_levels.Sigmas[^1]), MathF.Log(_levels.Least), steps + 1), level => (double)MathF.Exp(level));

    private static double? Bound(ModelConfig config, string name) => config.Has(name) ? config.Number(name, 0, least: double.Epsilon, most: float.MaxValue) : null;

    private sealed class Run(Euler solver, double[] timesteps, float[] sigmas) : ISamplerRun
    {
        public IReadOnlyList<double> Timesteps => timesteps;

        public IReadOnlyList<float> Sigmas => sigmas;

        public double InitialSigma
        {
            get
            {
                var most = sigmas.Max();
                return solver._spacing == "leading" ? MathF.Sqrt(most * most + 1) : most;
            }
        }

        public float InputDivisor(int index) => MathF.Sqrt(sigmas[index] * sigmas[index] + 1);

        public void Step(int index, ReadOnlySpan<float> prediction, Span<float> sample, Span<float> original)
        {
            var sigma = sigmas[index];
            var step = sigmas[index + 1] - sigma;
            var variance = sigma * sigma + 1;
            var fromVelocity = -sigma / MathF.Sqrt(variance);
            for (var i = 0; i < sample.Length; i++)
            {
                var x = sample[i];
                var clean = solver._predicts switch
                {
                    PredictionType.Noise => x - sigma * prediction[i],
                    PredictionType.Velocity => prediction[i] * fromVelocity + x / variance,
                    _ => prediction[i],
                };
                if (!original.IsEmpty)
                    original[i] = clean;
                sample[i] = x + (x - clean) / sigma * step;
            }
        }
    }
}
