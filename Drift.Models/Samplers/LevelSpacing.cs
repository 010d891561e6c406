namespace Drift.Models;

/// <summary>Rules that place a run's noise levels between two ends, whatever the timesteps, as diffusers has them.</summary>
internal static class LevelSpacing
{
    /// <summary>Curvature of the spacing of Karras et al. (2022), the paper's own value.</summary>
    private const double Rho = 7;

    /// <summary>Both exponents of the Beta distribution of Lee et al. (arXiv 2407.12173), as diffusers sets them.</summary>
    private const double Exponent = 0.6;

    private static readonly IReadOnlyDictionary<string, Func<double, double, int, double[]>> Rules = new Dictionary<string, Func<double, double, int, double[]>>
    {
        ["use_karras_sigmas"] = Karras,
        ["use_exponential_sigmas"] = Exponential,
        ["use_beta_sigmas"] = Beta,
    };

    /// <summary>The rule that the settings switch on, from the first level, the last and their number to the levels; null where they switch on none.</summary>
    /// <param name="config">A scheduler_config.json.</param>
    /// <exception cref="ModelFormatException">They switch on more than one.</exception>
    public static Func<double, double, int, double[]>? Read(ModelConfig config)
    {
        string[] on = [.. Rules.Keys.Where(config.IsOn)];
        return on.Length > 1 ? throw config.Refuse(on[1], "true", $"false beside {on[0]}") : on.Length == 1 ? Rules[on[0]] : null;
    }

    /// <summary>Levels whose seventh roots lie at equal distances (Karras et al., 2022, equation 5), the largest first.</summary>
    /// <param name="most">First level.</param>
    /// <param name="least">Last level.</param>
    /// <param name="count">Number of levels.</param>
    public static double[] Karras(double most, double least, int count)
    {
        double first = Math.Pow(most, 1 / Rho), last = Math.Pow(least, 1 / Rho);
        return Array.ConvertAll(TimestepSpacing.Linspace(0, 1, count), share => Math.Pow(first + share * (last - first), Rho));
    }

    /// <summary>Levels whose logarithms lie at equal distances.</summary>
    /// <inheritdoc cref="Karras"/>
    public static double[] Exponential(double most, double least, int count) =>
        Array.ConvertAll(TimestepSpacing.Linspace(Math.Log(most), Math.Log(least), count), Math.Exp);

    /// <summary>Levels at the quantiles of a Beta distribution, close together at both ends.</summary>
    /// <inheritdoc cref="Karras"/>
    public static double[] Beta(double most, double least, int count) =>
        Array.ConvertAll(TimestepSpacing.Linspace(0, 1, count), share => least + Quantile(1 - share) * (most - least));

    private static double Quantile(double share) => share is 0 or 1 ? share : MathNet.Numerics.Distributions.Beta.InvCDF(Exponent, Exponent, share);
}
