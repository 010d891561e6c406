namespace Drift.Models;

/// <summary>How much of a picture is left at each trained timestep, computed as diffusers does: in fp32, running products in fp64.</summary>
public sealed class NoiseSchedule
{
    private NoiseSchedule(float[] alphasCumprod) => AlphasCumprod = alphasCumprod;

    /// <summary>Products of 1 - beta up to each timestep.</summary>
    public IReadOnlyList<float> AlphasCumprod { get; }

    /// <summary>Reads the betas' settings.</summary>
    /// <param name="config">A scheduler_config.json.</param>
    /// <param name="rescales">Whether diffusers' scheduler of this class knows <c>rescale_betas_zero_snr</c>; those that do not leave it aside.</param>
    /// <exception cref="ModelFormatException">A setting is out of range or not supported.</exception>
    public static NoiseSchedule Read(ModelConfig config, bool rescales = true)
    {
        ArgumentNullException.ThrowIfNull(config);
        var zeroTerminal = rescales && config.Flag("rescale_betas_zero_snr", false);
        var steps = config.Integer("num_train_timesteps", 1000, least: 2);
        if (config.Has("trained_betas"))
        {
            var trained = Array.ConvertAll(config.Numbers("trained_betas", []), beta => (float)beta);
            return trained.Length == steps && trained.All(beta => beta is > 0 and < 1) ? Of(trained, zeroTerminal)
                : throw config.Refuse("trained_betas", $"a list of {trained.Length}", $"{steps} numbers between 0 and 1, as num_train_timesteps says, or null");
        }

        var start = config.Number("beta_start", 0.0001, 0, 1);
        var end = config.Number("beta_end", 0.02, 0, 1);
        var betas = config.Choice("beta_schedule", "linear", "scaled_linear", "squaredcos_cap_v2") switch
        {
            "linear" => Linspace(start, end, steps),
            "scaled_linear" => Array.ConvertAll(Linspace(Math.Sqrt(start), Math.Sqrt(end), steps), root => root * root),
            _ => Cosine(steps),
        };
        return Of(betas, zeroTerminal);
    }

    private static NoiseSchedule Of(float[] betas, bool zeroTerminal) => new(Products(zeroTerminal ? ZeroTerminal(betas) : betas));

    /// <summary>torch.linspace: counted from the nearer end, each value rounded once.</summary>
    internal static float[] Linspace(double first, double last, int count)
    {
        var (start, end) = ((float)first, (float)last);
        var step = (end - start) / (count - 1);
        var values = new float[count];
        for (var i = 0; i < count; i++)
            values[i] = i < count / 2 ? MathF.FusedMultiplyAdd(step, i, start) : MathF.FusedMultiplyAdd(-step, count - 1 - i, end);
        return values;
    }

    private static float[] Cosine(int count)
    {
        var betas = new float[count];
        for (var i = 0; i < count; i++)
            betas[i] = (float)Math.Min(1 - Left((i + 1.0) / count) / Left((double)i / count), 0.999);
        return betas;

        static double Left(double time) => Math.Pow(Math.Cos((time + 0.008) / 1.008 * Math.PI / 2), 2);
    }

    /// <summary>Betas shifted and stretched so that nothing of the picture is left at the last timestep.</summary>
    private static float[] ZeroTerminal(float[] betas)
    {
        var roots = Array.ConvertAll(Products(betas), MathF.Sqrt);
        var (first, last) = (roots[0], roots[^1]);
        var stretch = first / (first - last);
        var products = Array.ConvertAll(roots, root => (root - last) * stretch * ((root - last) * stretch));
        var rescaled = new float[betas.Length];
        for (var i = 0; i < betas.Length; i++)
            rescaled[i] = 1 - (i == 0 ? products[0] : products[i] / products[i - 1]);
        return rescaled;
    }

    private static float[] Products(float[] betas)
    {
        var product = 1.0;
        return Array.ConvertAll(betas, beta => (float)(product *= 1 - beta));
    }
}
