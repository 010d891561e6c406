using Drift.Models;

namespace Drift.Bench;

/// <summary>Networks: a folder as save_pretrained writes it, and <c>io.safetensors</c> with inputs and outputs. The registry of those that can be checked.</summary>
internal sealed class NetworkCases : ICaseKind
{
    /// <summary>By the class that a config.json names.</summary>
    public static IReadOnlyDictionary<string, Func<NetworkFiles, IEnumerable<OutputCheck>>> Checks { get; } =
        new Dictionary<string, Func<NetworkFiles, IEnumerable<OutputCheck>>>
        {
            ["AutoencoderKL"] = AutoencoderCheck.Run,
            ["CLIPModel"] = ClipCheck.Run,
            ["CLIPTextModel"] = ClipTextCheck.Run,
            ["DiTTransformer2DModel"] = DitCheck.Run,
            ["PixArtTransformer2DModel"] = PixArtCheck.Run,
            ["ResNetForImageClassification"] = ClassifierCheck.Run,
            ["T5EncoderModel"] = T5Check.Run,
            ["UNet2DConditionModel"] = UNetCheck.Run,
        };

    /// <inheritdoc/>
    public IEnumerable<VerificationCase> In(string folder, string label)
    {
        string config = Path.Combine(folder, "config.json"), io = Path.Combine(folder, "io.safetensors");
        return File.Exists(config) && File.Exists(io) ? [new NetworkCase(label, folder, io, config)] : [];
    }
}

/// <summary>One network in fp32.</summary>
internal sealed class NetworkCase(string name, string folder, string io, string config) : VerificationCase(name, io, config)
{
    /// <inheritdoc/>
    public override string? Unsupported => ClassName.Length == 0 || NetworkCases.Checks.ContainsKey(ClassName) ? null : $"network {ClassName}";

    private string ClassName => ModelConfig.Read(config).ClassName;

    /// <inheritdoc/>
    public override IEnumerable<OutputCheck> Run(VerificationSetting setting)
    {
        ModelConfig.Read(config).RequireClass([.. NetworkCases.Checks.Keys]);
        using var arrays = SafetensorsFile.Open(io);
        return [.. NetworkCases.Checks[ClassName](new NetworkFiles(folder, arrays))];
    }
}
