namespace Drift.Models;

/// <summary>
/// diffusers' DPMSolverMultistepScheduler without its stochastic forms: an exponential integrator of first to third order in the log signal-to-noise ratio, of the clean sample's
/// prediction (dpmsolver++, arXiv 2211.01095) or of the noise's (dpmsolver, arXiv 2206.00927). Coefficients are fp32, operation by operation as in diffusers, so that many small
/// steps lose the same digits. Immutable.
/// </summary>
/// <remarks><c>use_dynamic_shifting</c> changes nothing by itself: diffusers shifts only where the pipeline says by how much, and none of ours does.</remarks>
public sealed class DpmSolverMultistep : ISampler
{
    /// <summary>Runs of fewer steps end with lower orders where lower_order_final says so.</summary>
    private const int FewSteps = 15;

    private readonly NoiseLevels _levels;
    private readonly PredictionType _predicts;
    private readonly string _spacing;
    private readonly int _offset, _order, _end;
    private readonly DynamicThreshold? _threshold;
    private readonly Func<double, double, int, double[]>? _levelled;
    private readonly double _shift;
    private readonly bool _ofNoise, _straight, _heun, _rounds, _lu, _lowersFinal, _eulerFinal, _endsAtZero;

    internal DpmSolverMultistep(ModelConfig config)
    {
        _ofNoise = config.SupportedChoice("algorithm_type", ["dpmsolver++", "dpmsolver", "deis"], ["sde-dpmsolver", "sde-dpmsolver++"]) == "dpmsolver";
        if (config.Has("variance_type"))
            throw config.NotSupported("variance_type", $"'{config.Text("variance_type", "")}'", "null, with a prediction that holds no variances");
        _levels = NoiseLevels.Read(config);
        _predicts = PredictionTypes.Read(config, takesFlow: !_ofNoise);
        _spacing = config.Choice(TimestepSpacing.Setting, "linspace", "leading", "trailing");
        _offset = config.Integer("steps_offset", 0, least: 0);
        _order = config.Integer("solver_order", 2, least: 1, most: 3);
        _heun = config.Choice("solver_type", "midpoint", "heun", "logrho", "bh1", "bh2") == "heun";
        _levelled = LevelSpacing.Read(config);
        // Where two rules are switched on that diffusers does not refuse together, the first in its order counts: Karras', then Lu's.
        _lu = config.IsOn("use_lu_lambdas") && !config.IsOn("use_karras_sigmas");
        _threshold = DynamicThreshold.Read(config);
        _rounds = config.Text("beta_schedule", "") != "squaredcos_cap_v2" && (config.IsOn("use_karras_sigmas") || _lu);
        _lowersFinal = config.Flag("lower_order_final", true);
        _eulerFinal = config.Flag("euler_at_final", false);
        _endsAtZero = config.Choice("final_sigmas_type", "zero", "sigma_min") == "zero";
        if (_ofNoise && _endsAtZero)
            throw config.Refuse("final_sigmas_type", "'zero'", "sigma_min beside algorithm_type dpmsolver, whose last step from noise to none would be infinitely long");
        _straight = config.IsOn("use_flow_sigmas");
        _shift = config.Number("flow_shift", 1, 1e-3, 1e3);
        _end = End(config.Number("lambda_min_clipped", double.NegativeInfinity, most: 0));
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">More steps than the schedule has distinct timesteps for, or less than one.</exception>
    public ISamplerRun Begin(int steps, int pictures = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(steps, _spacing == "leading" && _levelled is null && !_lu && !_straight ? _end - 1 : _end);
        var (timesteps, sigmas) = _lu ? Lu(steps)
            : _levelled?.Invoke(_levels.Sigmas[^1], _levels.Least, steps) is { } levels ? (TimestepsAt(levels), levels)
            : _straight ? Straight(steps) : Spaced(steps);
        return new Run(this, pictures, timesteps, [.. sigmas.Select(sigma => (float)sigma), _endsAtZero ? 0 : _levels.Least]);
    }

    /// <summary>One more than the last timestep whose log signal-to-noise ratio reaches a bound.</summary>
    private int End(double bound)
    {
        var end = _levels.Trained;
        while (end > 2 && Preserving(_levels.Sigmas[end - 1]).Lambda < bound)
            end--;
        return end;
    }

    private (double[] Timesteps, IEnumerable<double> Sigmas) Spaced(int steps)
    {
        // One interval more than steps: the last timestep of the range is not a step, for the final level ends the run.
        double[] timesteps = _spacing switch
        {
            "linspace" => [.. TimestepSpacing.Linspace(0, _end - 1, steps + 1).Skip(1).Select(value => Math.Round(value)).Reverse()],
            "leading" => [.. TimestepSpacing.Leading(steps + 1, _end / (steps + 1), _offset).SkipLast(1)],
            _ => [.. TimestepSpacing.Trailing(_end, _levels.Trained, steps)],
        };
        return (timesteps, timesteps.Select(_levels.At));
    }

    /// <summary>Levels at equal distances in their logarithms (Lu et al., arXiv 2206.00927).</summary>
    private (double[] Timesteps, IEnumerable<double> Sigmas) Lu(int steps)
    {
        var sigmas = Array.ConvertAll(TimestepSpacing.Linspace(0, 1, steps), share => (double)MathF.Log(_levels.Sigmas[^1]) + share * ((double)MathF.Log(_levels.Least) - MathF.Log(_levels.Sigmas[^1])));
        sigmas = Array.ConvertAll(sigmas, Math.Exp);
        return (TimestepsAt(sigmas), sigmas);
    }

    /// <summary>Levels of flow matching: shares of the noise on the straight path, moved towards it by a shift above 1.</summary>
    private (double[] Timesteps, IEnumerable<double> Sigmas) Straight(int steps)
    {
        double[] levels = [.. TimestepSpacing.Linspace(1, 1.0 / _levels.Trained, steps + 1).Select(alpha => 1 - alpha)
            .Select(level => _shift * level / (1 + (_shift - 1) * level)).Reverse().SkipLast(1)];
        return (Array.ConvertAll(levels, level => Math.Truncate(level * _levels.Trained)), levels);
    }

    /// <summary>Rounded to the nearest, or cut off: diffusers rounds only some before it converts to integers, those of Karras' and Lu's levels unless the schedule is the cosine.</summary>
    private double[] TimestepsAt(double[] sigmas) =>
        Array.ConvertAll(sigmas, sigma => _rounds ? Math.Round(_levels.TimestepAt(sigma)) : Math.Truncate(_levels.TimestepAt(sigma)));

    /// <summary>Shares of the clean sample and of the noise at a level, and the logarithm of their ratio.</summary>
    private (float Alpha, float Sigma, float Lambda) Coefficients(float level) =>
        _straight ? (1 - level, level, MathF.Log(1 - level) - MathF.Log(level)) : Preserving(level);

    /// <summary>The same where the variance is kept.</summary>
    private static (float Alpha, float Sigma, float Lambda) Preserving(float level)
    {
        var alpha = 1 / MathF.Sqrt(level * level + 1);
        var sigma = level * alpha;
        return (alpha, sigma, MathF.Log(alpha) - MathF.Log(sigma));
    }

    /// <summary>Shares of what is integrated and of the other, and the logarithm of their ratio: in the noise's form the two of <see cref="Coefficients"/> change places, and nothing else does.</summary>
    private (float Own, float Other, float Lambda) Terms(float level)
    {
        var (alpha, sigma, lambda) = Coefficients(level);
        return _ofNoise ? (sigma, alpha, -lambda) : (alpha, sigma, lambda);
    }

    private sealed class Run(DpmSolverMultistep solver, int pictures, double[] timesteps, float[] sigmas) : ISamplerRun
    {
        /// <summary>Clean samples, or noises, as predicted at the last steps, by step modulo the order.</summary>
        private readonly float[][] _history = new float[solver._order][];
        private int _next;

        public IReadOnlyList<double> Timesteps => timesteps;

        public IReadOnlyList<float> Sigmas => sigmas;

        public double InitialSigma => 1;

        public IReadOnlyList<float[]> Memory => [.. _history.TakeWhile(past => past is not null).Select(past => (float[])past.Clone())];

        public void Resume(int index, IReadOnlyList<float[]> memory)
        {
            for (var i = 0; i < memory.Count; i++)
                _history[i] = (float[])memory[i].Clone();
            _next = index;
        }

        public void Step(int index, ReadOnlySpan<float> prediction, Span<float> sample, Span<float> original)
        {
            if (index != _next)
                throw new InvalidOperationException($"step {index} of a multistep run after {_next} steps: it builds on the ones before it, so they are taken in order");
            var kept = _history[index % solver._order] ??= new float[sample.Length];
            if (solver._ofNoise)
                Noise(index, prediction, sample, kept, original);
            else
                Clean(index, prediction, sample, kept, original);
            switch (OrderAt(index))
            {
                case 1: First(index, sample); break;
                case 2: Second(index, sample); break;
                default: Third(index, sample); break;
            }

            _next = index + 1;
        }

        /// <summary>The order that the steps before this one, and the rules for the last ones, allow.</summary>
        private int OrderAt(int index)
        {
            // Rules that place the levels put the last one at the least, so a run that ends at the least stands still once, but for rounding: orders above 1 would divide by a step of 0.
            if (Interval(index).H == 0)
                return 1;
            var few = solver._lowersFinal && timesteps.Length < FewSteps;
            var isLast = index == timesteps.Length - 1;
            var most = isLast && (solver._eulerFinal || few || solver._endsAtZero) ? 1 : index == timesteps.Length - 2 && few ? 2 : solver._order;
            return Math.Min(Math.Min(most, solver._order), index + 1);
        }

        private void Clean(int index, ReadOnlySpan<float> prediction, ReadOnlySpan<float> sample, float[] clean, Span<float> original)
        {
            var (alpha, sigma, _) = solver.Coefficients(sigmas[index]);
            for (var i = 0; i < clean.Length; i++)
            {
                clean[i] = solver._predicts switch
                {
                    PredictionType.Noise => (sample[i] - sigma * prediction[i]) / alpha,
                    PredictionType.Velocity => alpha * sample[i] - sigma * prediction[i],
                    PredictionType.Flow => sample[i] - sigmas[index] * prediction[i],
                    _ => prediction[i],
                };
            }

            solver._threshold?.Apply(clean, pictures);
            if (!original.IsEmpty)
                clean.CopyTo(original);
        }

        /// <summary>The noise, and the clean sample where somebody asks for it or a threshold changes both.</summary>
        private void Noise(int index, ReadOnlySpan<float> prediction, ReadOnlySpan<float> sample, float[] noise, Span<float> original)
        {
            var (alpha, sigma, _) = solver.Coefficients(sigmas[index]);
            for (var i = 0; i < noise.Length; i++)
            {
                noise[i] = solver._predicts switch
                {
                    PredictionType.Noise => prediction[i],
                    PredictionType.Velocity => alpha * prediction[i] + sigma * sample[i],
                    _ => (sample[i] - alpha * prediction[i]) / sigma,
                };
            }

            if (solver._threshold is null && original.IsEmpty)
                return;
            var clean = original.IsEmpty ? new float[noise.Length] : original;
            for (var i = 0; i < noise.Length; i++)
                clean[i] = (sample[i] - sigma * noise[i]) / alpha;
            if (solver._threshold is null)
                return;
            solver._threshold.Apply(clean, pictures);
            for (var i = 0; i < noise.Length; i++)
                noise[i] = (sample[i] - alpha * clean[i]) / sigma;
        }

        private float[] Kept(int index) => _history[index % solver._order];

        /// <summary>What every order begins with: how much of the sample stays, the target's share of what is integrated, the step h in lambda, and exp(-h) - 1.</summary>
        private (float Stays, float Own, float H, float Decay) Interval(int index)
        {
            var (to, from) = (solver.Terms(sigmas[index + 1]), solver.Terms(sigmas[index]));
            var h = to.Lambda - from.Lambda;
            return (to.Other / from.Other, to.Own, h, MathF.Exp(-h) - 1);
        }

        private float LambdaStep(int index) => solver.Terms(sigmas[index]).Lambda - solver.Terms(sigmas[index - 1]).Lambda;

        private void First(int index, Span<float> sample)
        {
            var (stays, own, _, decay) = Interval(index);
            var (m0, c0) = (Kept(index), own * decay);
            for (var i = 0; i < sample.Length; i++)
                sample[i] = stays * sample[i] - c0 * m0[i];
        }

        private void Second(int index, Span<float> sample)
        {
            var (stays, own, h, decay) = Interval(index);
            var inverse = 1 / (LambdaStep(index) / h);
            var (m0, m1, c0) = (Kept(index), Kept(index - 1), own * decay);
            // The midpoint rule's coefficient of the first difference, or that of Heun's.
            var c1 = solver._heun ? own * (decay / h + 1) : -0.5f * c0;
            for (var i = 0; i < sample.Length; i++)
                sample[i] = stays * sample[i] - c0 * m0[i] + c1 * (inverse * (m0[i] - m1[i]));
        }

        private void Third(int index, Span<float> sample)
        {
            var (stays, own, h, decay) = Interval(index);
            var (r0, r1) = (LambdaStep(index) / h, LambdaStep(index - 1) / h);
            var (m0, m1, m2) = (Kept(index), Kept(index - 1), Kept(index - 2));
            var (c0, c1, c2) = (own * decay, own * (decay / h + 1), own * ((decay + h) / (h * h) - 0.5f));
            for (var i = 0; i < sample.Length; i++)
            {
                var (near, far) = (1 / r0 * (m0[i] - m1[i]), 1 / r1 * (m1[i] - m2[i]));
                var first = near + r0 / (r0 + r1) * (near - far);
                var second = 1 / (r0 + r1) * (near - far);
                sample[i] = stays * sample[i] - c0 * m0[i] + c1 * first - c2 * second;
            }
        }
    }
}
