namespace Drift.Models;

/// <summary>
/// diffusers' PNDMScheduler: the linear multistep method of Liu et al., "Pseudo numerical methods for diffusion models on manifolds" (arXiv 2202.09778, equations 11 and 12). DDIM's
/// transfer, with the predictions of up to four steps put together by Adams and Bashforth. So that there is a past to build on, either the second step is made twice, as Stable Diffusion
/// ships it (<c>skip_prk_steps</c>), and a run asks the network once more than it has steps; or the first three are Runge and Kutta's of the fourth order (equation 13), and it asks nine
/// times more. Immutable.
/// </summary>
public sealed class Pndm : ISampler
{
    private const int MostRemembered = 4;

    /// <summary>Steps of Runge and Kutta, and predictions that each takes.</summary>
    private const int FirstSteps = 3, Stages = 4;

    /// <summary>Weights of a step's predictions: at its start, twice in its middle, at its end.</summary>
    private static readonly IReadOnlyList<float> Weights = [1f / 6, 1f / 3, 1f / 3, 1f / 6];

    private readonly NoiseSchedule _schedule;
    private readonly float _finalAlpha;
    private readonly string _spacing;
    private readonly int _offset;
    private readonly bool _velocity, _skips;

    internal Pndm(ModelConfig config)
    {
        _skips = config.Flag("skip_prk_steps", false);
        _schedule = NoiseSchedule.Read(config, rescales: false);
        _finalAlpha = config.Flag("set_alpha_to_one", false) ? 1 : _schedule.AlphasCumprod[0];
        _spacing = config.Choice(TimestepSpacing.Setting, "leading", "linspace", "trailing");
        _offset = config.Integer("steps_offset", 0, least: 0);
        _velocity = config.Choice(PredictionTypes.Setting, "epsilon", "v_prediction") == "v_prediction";
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">More steps than the schedule has timesteps for, or less than one; four where the first three are Runge and Kutta's.</exception>
    public ISamplerRun Begin(int steps, int pictures = 1)
    {
        var trained = _schedule.AlphasCumprod.Count;
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, _skips ? 1 : FirstSteps + 1);
        var once = TimestepSpacing.OfTrained(_spacing, trained, steps, _offset);
        var stride = trained / steps;
        // A step of Runge and Kutta ends where the next one begins, so that timestep comes twice.
        double[] timesteps = !_skips ? [.. Enumerable.Range(0, FirstSteps).SelectMany(i => (double[])[once[i], once[i + 1] + stride / 2, once[i + 1] + stride / 2, once[i + 1]]), .. once[FirstSteps..]]
            : once.Length == 1 ? once : [once[0], once[1], .. once[1..]];
        return new Run(this, timesteps, stride);
    }

    private sealed class Run(Pndm solver, double[] timesteps, int stride) : ISamplerRun
    {
        /// <summary>The last predictions, the oldest first, without that of the second step's other attempt; of a step of Runge and Kutta the first.</summary>
        private readonly List<float[]> _past = [];

        /// <summary>Where the second step's first attempt began, or a step of Runge and Kutta; null but between the predictions of one.</summary>
        private float[]? _start;

        /// <summary>The predictions of a step of Runge and Kutta so far, by their weights; null beside <see cref="_start"/>.</summary>
        private float[]? _slope;
        private int _next;

        public IReadOnlyList<double> Timesteps => timesteps;

        public double InitialSigma => 1;

        public IReadOnlyList<float[]> Memory => [.. ((float[]?[])[.. _past, _start, _slope]).OfType<float[]>().Select(values => (float[])values.Clone())];

        public void Resume(int index, IReadOnlyList<float[]> memory)
        {
            _next = index;
            _past.Clear();
            var kept = memory.Select(values => (float[])values.Clone()).ToList();
            var within = Within(index);
            _slope = within && !solver._skips ? Taken() : null;
            _start = within ? Taken() : null;
            _past.AddRange(kept);

            float[] Taken()
            {
                var last = kept[^1];
                kept.RemoveAt(kept.Count - 1);
                return last;
            }
        }

        public void Step(int index, ReadOnlySpan<float> prediction, Span<float> sample, Span<float> original)
        {
            if (index != _next)
                throw new InvalidOperationException($"step {index} of a multistep run after {_next} steps: it builds on the ones before it, so they are taken in order");
            var (from, to) = ((int)timesteps[index], (int)timesteps[index] - stride);
            if (!original.IsEmpty)
                Clean(from, prediction, sample, original);
            if (!solver._skips && index < FirstSteps * Stages)
            {
                RungeKutta(index, prediction, sample);
            }
            else if (_start is { } start)
            {
                // The step that was made last, again: from its start, with the mean of the predictions at both ends.
                start.CopyTo(sample);
                _start = null;
                Transfer(from + stride, from, Sum(sample.Length, 2, (1, prediction.ToArray()), (1, _past[^1])), sample);
            }
            else
            {
                _past.Add(prediction.ToArray());
                if (_past.Count > MostRemembered)
                    _past.RemoveAt(0);
                if (index == 0)
                    _start = sample.ToArray();
                Transfer(from, to, Extrapolated(sample.Length), sample);
            }

            _next = index + 1;
        }

        /// <summary>Whether a step, or its second attempt, is still to be finished.</summary>
        private bool Within(int index) => solver._skips ? index == 1 : index < FirstSteps * Stages && index % Stages > 0;

        /// <summary>One of a step's four predictions: half the step with the first, half with the second, the whole with the third, and the whole again with all of them.</summary>
        private void RungeKutta(int index, ReadOnlySpan<float> prediction, Span<float> sample)
        {
            var stage = index % Stages;
            var from = (int)timesteps[index - stage];
            if (stage == 0)
            {
                _past.Add(prediction.ToArray());
                (_start, _slope) = (sample.ToArray(), new float[sample.Length]);
            }

            for (var i = 0; i < sample.Length; i++)
                _slope![i] += Weights[stage] * prediction[i];
            _start.CopyTo(sample);
            Transfer(from, stage is 0 or 2 ? (int)timesteps[index] - stride / 2 : (int)timesteps[index], stage == Stages - 1 ? _slope! : prediction.ToArray(), sample);
            if (stage == Stages - 1)
                (_start, _slope) = (null, null);
        }

        /// <summary>The formulas of Adams and Bashforth of the order that the past allows: the mean over the step of the polynomial through the last predictions.</summary>
        private float[] Extrapolated(int length) => _past switch
        {
            [.., var a, var b, var c, var d] => Sum(length, 24, (55, d), (-59, c), (37, b), (-9, a)),
            [var a, var b, var c] => Sum(length, 12, (23, c), (-16, b), (5, a)),
            [var a, var b] => Sum(length, 2, (3, b), (-1, a)),
            _ => _past[0],
        };

        private static float[] Sum(int length, float divisor, params ReadOnlySpan<(float Weight, float[] Values)> terms)
        {
            var sum = new float[length];
            foreach (var (weight, values) in terms)
            {
                for (var i = 0; i < length; i++)
                    sum[i] += weight * values[i];
            }

            for (var i = 0; i < length; i++)
                sum[i] /= divisor;
            return sum;
        }

        /// <summary>DDIM's step, with the clean sample taken out of the formula.</summary>
        private void Transfer(int from, int to, float[] prediction, Span<float> sample)
        {
            var (alpha, next) = (Alpha(from), to < 0 ? solver._finalAlpha : Alpha(to));
            var (stays, whole) = (MathF.Sqrt(next / alpha), (alpha * MathF.Sqrt(1 - next)) + MathF.Sqrt(alpha * (1 - alpha) * next));
            var (signal, noise) = (MathF.Sqrt(alpha), MathF.Sqrt(1 - alpha));
            for (var i = 0; i < sample.Length; i++)
            {
                var slope = solver._velocity ? signal * prediction[i] + noise * sample[i] : prediction[i];
                sample[i] = stays * sample[i] - (next - alpha) * slope / whole;
            }
        }

        private void Clean(int timestep, ReadOnlySpan<float> prediction, ReadOnlySpan<float> sample, Span<float> original)
        {
            var alpha = Alpha(timestep);
            var (signal, noise) = (MathF.Sqrt(alpha), MathF.Sqrt(1 - alpha));
            for (var i = 0; i < sample.Length; i++)
                original[i] = solver._velocity ? signal * sample[i] - noise * prediction[i] : (sample[i] - noise * prediction[i]) / signal;
        }

        /// <summary>Some spacings have a timestep of -1, which Python reads as the last.</summary>
        private float Alpha(int timestep) => solver._schedule.AlphasCumprod[timestep < 0 ? solver._schedule.AlphasCumprod.Count + timestep : timestep];
    }
}
