namespace Drift.Models;

/// <summary>The one place that lists samplers, by the class name that a scheduler_config.json gives.</summary>
public static class SamplerCatalog
{
    private static readonly Dictionary<string, Func<ModelConfig, ISampler>> Known = new()
    {
        ["DDIMScheduler"] = config => new Ddim(config),
        ["DPMSolverMultistepScheduler"] = config => new DpmSolverMultistep(config),
        ["EulerDiscreteScheduler"] = config => new Euler(config),
        ["FlowMatchEulerDiscreteScheduler"] = config => new FlowMatchEuler(config),
        ["PNDMScheduler"] = config => new Pndm(config),
    };

    /// <summary>The class names that <see cref="Load"/> takes.</summary>
    public static IReadOnlyCollection<string> Names => Known.Keys;

    /// <summary>Reads the sampler that a file describes.</summary>
    /// <param name="path">A scheduler_config.json.</param>
    /// <exception cref="ModelFormatException">The file is missing or unsound, or asks for something not supported.</exception>
    public static ISampler Load(string path)
    {
        var config = ModelConfig.Read(path);
        config.RequireClass([.. Known.Keys]);
        return Known[config.ClassName](config);
    }
}
