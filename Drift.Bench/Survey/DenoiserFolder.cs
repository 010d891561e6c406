using Drift.Kernels;
using Drift.Models;

namespace Drift.Bench;

/// <summary>A denoiser on disk, with what one sample is told: enough to walk through a forward pass without a text encoder.</summary>
/// <param name="Path">The network's own folder.</param>
/// <param name="ClassName">Its class.</param>
/// <param name="Kind">The kind of pipeline that it serves.</param>
/// <param name="Denoiser">The network.</param>
/// <param name="Conditioning">Of one sample: class 0, or a text of zeros.</param>
internal sealed record DenoiserFolder(string Path, string ClassName, PipelineKind Kind, IDenoiser Denoiser, Conditioning Conditioning)
{
    private const string Config = "config.json";
    private const int PixArtTokens = 120, ClipTokens = 77;
    private static readonly IReadOnlyList<string> Parts = ["transformer", "unet"];

    private static readonly IReadOnlyDictionary<string, Network> Known = new Dictionary<string, Network>
    {
        ["DiTTransformer2DModel"] = new("DiTPipeline", (folder, _) => (DiTTransformer2D.Load(folder), new Conditioning([0]))),
        ["PixArtTransformer2DModel"] = new("PixArtAlphaPipeline", (folder, tokens) => PixArt(PixArtTransformer2D.Load(folder), tokens ?? PixArtTokens)),
        ["UNet2DConditionModel"] = new("StableDiffusionPipeline", (folder, tokens) => UNet(UNet2DCondition.Load(folder), tokens ?? ClipLength(folder))),
    };

    /// <summary>Finds the denoiser of a pipeline's folder, or takes the folder for its own.</summary>
    /// <param name="nameOrPath">A shipped model's name, a pipeline's folder or a denoiser's.</param>
    /// <param name="textTokens">Tokens of a text; null for what the pipeline uses.</param>
    /// <exception cref="UserErrorException">There is no denoiser.</exception>
    /// <exception cref="ModelFormatException">It is damaged or of a class that is not supported.</exception>
    public static DenoiserFolder Open(string nameOrPath, int? textTokens)
    {
        if (File.Exists(System.IO.Path.Combine(nameOrPath, Config)))
            return Read(nameOrPath, textTokens);
        var model = ModelFolder.Find(nameOrPath, "model");
        var folder = Parts.Select(part => System.IO.Path.Combine(model.Path, part)).FirstOrDefault(part => File.Exists(System.IO.Path.Combine(part, Config)))
            ?? throw new UserErrorException($"model: {model.Path} has no transformer/{Config} and no unet/{Config}; expected a diffusers pipeline or a denoiser");
        return Read(folder, textTokens ?? model.Defaults.TextTokens);
    }

    private static DenoiserFolder Read(string folder, int? textTokens)
    {
        var config = ModelConfig.Read(System.IO.Path.Combine(folder, Config));
        config.RequireClass([.. Known.Keys]);
        var (pipeline, load) = Known[config.ClassName];
        if (textTokens is not null && !PipelineCatalog.Get(pipeline).TakesPrompts)
            throw new UserErrorException($"--text-tokens: {folder} draws classes and is told no text; expected it beside a model that draws prompts");
        var (denoiser, conditioning) = load(folder, textTokens);
        return new DenoiserFolder(folder, config.ClassName, PipelineCatalog.Get(pipeline), denoiser, conditioning);
    }

    private static (IDenoiser, Conditioning) PixArt(PixArtTransformer2D network, int tokens) => (network, new Conditioning(new Tensor(1, tokens, network.TextWidth), null)
    {
        Sizes = network.IsToldSize ? [new PictureSize(1, 1, 1)] : null,
    });

    private static (IDenoiser, Conditioning) UNet(UNet2DCondition network, int tokens) => (network, new Conditioning(new Tensor(1, tokens, network.TextWidth), null));

    /// <summary>What the tokenizer beside it cuts texts to.</summary>
    private static int ClipLength(string unet)
    {
        var tokenizer = System.IO.Path.Combine(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(unet))!, "tokenizer", "tokenizer_config.json");
        return File.Exists(tokenizer) ? ModelConfig.Read(tokenizer).Integer("model_max_length", ClipTokens) : ClipTokens;
    }

    /// <summary>A class of networks.</summary>
    /// <param name="Pipeline">The kind of pipeline that it serves.</param>
    /// <param name="Load">Reads a folder, with what one sample is told.</param>
    private sealed record Network(string Pipeline, Func<string, int?, (IDenoiser, Conditioning)> Load);
}
