namespace Drift.Models;

/// <summary>
/// Noise levels sigma = sqrt((1 - alpha) / alpha) at the trained timesteps, alpha being <see cref="NoiseSchedule.AlphasCumprod"/>, for the solvers that step from
/// sigma to sigma. The table is fp32 and what is read off it fp64, as in diffusers. Immutable.
/// </summary>
internal sealed class NoiseLevels
{
    /// <summary>Stands for an alpha of 0, whose sigma would be infinite: the least fp16 above 0, as in diffusers.</summary>
    private const float LeastAlpha = 1f / (1 << 24);

    private readonly float[] _sigmas;

    private NoiseLevels(float[] sigmas) => _sigmas = sigmas;

    /// <summary>Number of trained timesteps.</summary>
    public int Trained => _sigmas.Length;

    /// <summary>The least level, that of timestep 0.</summary>
    public float Least => _sigmas[0];

    /// <summary>The levels, in order of their timesteps.</summary>
    public ReadOnlySpan<float> Sigmas => _sigmas;

    /// <summary>Reads the betas' settings.</summary>
    /// <param name="config">A scheduler_config.json.</param>
    /// <exception cref="ModelFormatException">A setting is out of range or not supported, or a level is 0 or infinite.</exception>
    public static NoiseLevels Read(ModelConfig config)
    {
        float[] alphas = [.. NoiseSchedule.Read(config).AlphasCumprod];
        if (config.Flag("rescale_betas_zero_snr", false))
            alphas[^1] = LeastAlpha;
        var sigmas = Array.ConvertAll(alphas, alpha => MathF.Sqrt((1 - alpha) / alpha));
        // Steps divide by their levels and take logarithms of them.
        return sigmas[0] > 0 && float.IsFinite(sigmas[^1]) ? new NoiseLevels(sigmas)
            : throw config.Refuse("beta_start and beta_end", FormattableString.Invariant($"of noise levels from {sigmas[0]} to {sigmas[^1]}"), "levels above 0 and finite");
    }

    /// <summary>The level at a timestep, linear between two and that of the nearest beyond the ends.</summary>
    /// <param name="timestep">Trained timestep, or between two.</param>
    public double At(double timestep)
    {
        var below = Math.Clamp((int)Math.Floor(timestep), 0, _sigmas.Length - 2);
        double low = _sigmas[below], high = _sigmas[below + 1];
        return (high - low) * Math.Clamp(timestep - below, 0, 1) + low;
    }

    /// <summary>The timestep at a level, by its logarithm; at the nearest end where the level lies beyond the table.</summary>
    /// <param name="sigma">The level, above 0.</param>
    public double TimestepAt(double sigma)
    {
        var level = Math.Log(sigma);
        var below = 0;
        // The last that is not above it: under a zero terminal SNR the levels rise, and the one that stands for infinity lies below some before it.
        for (var i = 1; i < _sigmas.Length; i++)
            below = level >= MathF.Log(_sigmas[i]) ? Math.Min(i, _sigmas.Length - 2) : below;
        float low = MathF.Log(_sigmas[below]), high = MathF.Log(_sigmas[below + 1]);
        var share = Math.Clamp((low - level) / (low - high), 0, 1);
        return (1 - share) * below + share * (below + 1);
    }
}
