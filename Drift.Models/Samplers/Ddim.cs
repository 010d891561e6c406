namespace Drift.Models;

/// <summary>diffusers' DDIMScheduler with eta 0: the deterministic solver. Immutable.</summary>
public sealed class Ddim : ISampler
{
    private readonly float _finalAlpha;
    private readonly string _spacing;
    private readonly int _offset;
    private readonly PredictionType _predicts;
    private readonly float _clip;
    private readonly DynamicThreshold? _threshold;

    internal Ddim(ModelConfig config)
    {
        _threshold = DynamicThreshold.Read(config);
        Schedule = NoiseSchedule.Read(config);
        _finalAlpha = config.Flag("set_alpha_to_one", true) ? 1 : Schedule.AlphasCumprod[0];
        _spacing = config.Choice(TimestepSpacing.Setting, "leading", "linspace", "trailing");
        _offset = config.Integer("steps_offset", 0, least: 0);
        _predicts = PredictionTypes.Read(config);
        var range = config.Number("clip_sample_range", 1, least: 0);
        _clip = config.Flag("clip_sample", true) ? (float)range : float.PositiveInfinity;
    }

    /// <summary>The noise at each trained timestep.</summary>
    public NoiseSchedule Schedule { get; }

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">More steps than the schedule has timesteps for, or less than one; or one where the predicted noise cannot say what the picture is.</exception>
    public ISamplerRun Begin(int steps, int pictures = 1)
    {
        var trained = Schedule.AlphasCumprod.Count;
        var run = new Run(this, TimestepSpacing.OfTrained(_spacing, trained, steps, _offset), trained / steps, pictures);
        foreach (var timestep in run.Timesteps)
        {
            if (_predicts is PredictionType.Noise && Alpha((int)timestep) == 0)
                throw new ArgumentOutOfRangeException(nameof(steps), steps, $"at timestep {timestep} nothing is left of the picture, and a prediction of the noise says nothing about it (zero terminal SNR asks for v_prediction or sample)");
        }

        return run;
    }

    /// <summary>Some spacings have a timestep of -1, which Python reads as the last.</summary>
    private float Alpha(int timestep) => Schedule.AlphasCumprod[timestep < 0 ? Schedule.AlphasCumprod.Count + timestep : timestep];

    /// <summary>Keeps clean samples in their range, by one rule or the other.</summary>
    private void Bound(Span<float> clean, int pictures)
    {
        if (_threshold is not null)
        {
            _threshold.Apply(clean, pictures);
            return;
        }

        foreach (ref var value in clean)
            value = Math.Clamp(value, -_clip, _clip);
    }

    private sealed class Run(Ddim solver, double[] timesteps, int stride, int pictures) : ISamplerRun
    {
        public IReadOnlyList<double> Timesteps => timesteps;

        public double InitialSigma => 1;

        public void Step(int index, ReadOnlySpan<float> prediction, Span<float> sample, Span<float> original)
        {
            var timestep = (int)timesteps[index];
            var (alpha, next) = (solver.Alpha(timestep), timestep >= stride ? solver.Alpha(timestep - stride) : solver._finalAlpha);
            var (signal, noise) = (MathF.Sqrt(alpha), MathF.Sqrt(1 - alpha));
            var (nextSignal, nextNoise) = (MathF.Sqrt(next), MathF.Sqrt(1 - next));
            var clean = new float[sample.Length];
            for (var i = 0; i < sample.Length; i++)
            {
                var (x, p) = (sample[i], prediction[i]);
                (clean[i], sample[i]) = solver._predicts switch
                {
                    PredictionType.Noise => ((x - noise * p) / signal, p),
                    PredictionType.Velocity => (signal * x - noise * p, signal * p + noise * x),
                    _ => (p, (x - signal * p) / noise),
                };
            }

            solver.Bound(clean, pictures);
            if (!original.IsEmpty)
                clean.CopyTo(original);
            // The sample holds the noise by now.
            for (var i = 0; i < sample.Length; i++)
                sample[i] = nextSignal * clean[i] + nextNoise * sample[i];
        }
    }
}
