namespace Drift.Models;

/// <summary>
/// diffusers' FlowMatchEulerDiscreteScheduler: Euler's method along the straight path from noise (sigma 1) to picture (sigma 0), whose velocity the network predicts.
/// A shift above 1 spends more steps near the noise: sigma = shift s / (1 + (shift - 1) s). Immutable.
/// </summary>
public sealed class FlowMatchEuler : ISampler
{
    private readonly int _trained;
    private readonly double _shift, _terminal;
    private readonly bool _inverts;
    private readonly Func<double, double, int, double[]>? _levelled;

    internal FlowMatchEuler(ModelConfig config)
    {
        config.RequireOff("stochastic_sampling");
        if (config.IsOn("use_dynamic_shifting"))
            throw config.NotSupported("use_dynamic_shifting", "true", "false, for such a shift comes from the pipeline, and none of these pipelines has one, in diffusers either");
        _terminal = config.Has("shift_terminal") ? config.Number("shift_terminal", 0, 0, 0.999) : 0;
        _inverts = config.IsOn("invert_sigmas");
        _levelled = LevelSpacing.Read(config);
        _trained = config.Integer("num_train_timesteps", 1000, least: 2);
        _shift = config.Number("shift", 1, least: 1e-3, most: 1e3);
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">More steps than the schedule has timesteps for, or less than one; two where a last level is stretched to, which a single step has not.</exception>
    public ISamplerRun Begin(int steps, int pictures = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, _terminal > 0 ? 2 : 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(steps, _trained);
        // diffusers shifts the table's ends, spaces the steps between them, and shifts these once more.
        var (most, least) = (ShiftOnce(1), ShiftOnce(1f / _trained));
        var levels = Array.ConvertAll(TimestepSpacing.Linspace((double)most * _trained, (double)least * _trained, steps), timestep => ShiftedTwice(timestep / _trained));
        // A last level above 0 stretches the others towards it.
        if (_terminal > 0)
            levels = Array.ConvertAll(levels, level => 1 - (1 - level) * (1 - _terminal) / (1 - levels[^1]));
        levels = _levelled?.Invoke(levels[0], levels[^1], steps) ?? levels;
        var sigmas = Array.ConvertAll(levels, level => _inverts ? 1 - (float)level : (float)level);
        return new Run([.. sigmas.Select(sigma => (double)(sigma * _trained))], [.. sigmas, _inverts ? 1 : 0]);
    }

    private double ShiftedTwice(double sigma) => _shift * sigma / (1 + (_shift - 1) * sigma);

    private float ShiftOnce(float sigma) => (float)_shift * sigma / (1 + (float)(_shift - 1) * sigma);

    private sealed class Run(double[] timesteps, float[] sigmas) : ISamplerRun
    {
        public IReadOnlyList<double> Timesteps => timesteps;

        public IReadOnlyList<float> Sigmas => sigmas;

        public double InitialSigma => 1;

        public void Step(int index, ReadOnlySpan<float> prediction, Span<float> sample, Span<float> original)
        {
            var step = sigmas[index + 1] - sigmas[index];
            for (var i = 0; i < sample.Length; i++)
            {
                if (!original.IsEmpty)
                    original[i] = sample[i] - sigmas[index] * prediction[i];
                sample[i] += step * prediction[i];
            }
        }
    }
}
