using Drift.Kernels;
using Drift.Models;

namespace Drift.Bench;

/// <summary>A denoiser on disk, with what one sample is told: enough to walk through a forward pass without a text encoder.</summary>
/// <param name="Path">The network's own folder.</param>
/// <param name="ClassName">Its class.</param>
/// <param name="Denoiser">The network.</param>
/// <param name="Conditioning">Of one sample: class 0, or a text of zeros.</param>
internal sealed record DenoiserFolder(string Path, string ClassName, IDenoiser Denoiser, Conditioning Conditioning)
{
    private const int PixArtTokens = 120, ClipTokens = 77;

    private static readonly IReadOnlyDictionary<string, Func<string, int?, (IDenoiser, Conditioning)>> Known = new Dictionary<string, Func<string, int?, (IDenoiser, Conditioning)>>
    {
        ["DiTTransformer2DModel"] = (folder, _) => (DiTTransformer2D.Load(folder), new Conditioning([0])),
        ["PixArtTransformer2DModel"] = (folder, tokens) => PixArt(PixArtTransformer2D.Load(folder), tokens ?? PixArtTokens),
        ["UNet2DConditionModel"] = (folder, tokens) => UNet(UNet2DCondition.Load(folder), tokens ?? ClipLength(folder)),
    };

    /// <summary>Finds the denoiser of a pipeline's folder, or takes the folder for its own.</summary>
    /// <param name="nameOrPath">A shipped model's name, a pipeline's folder or a denoiser's.</param>
    /// <param name="textTokens">Tokens of a text; null for what the pipeline uses.</param>
    /// <exception cref="UserErrorException">There is no denoiser.</exception>
    /// <exception cref="ModelFormatException">It is damaged or of a class that is not supported.</exception>
    public static DenoiserFolder Open(string nameOrPath, int? textTokens)
    {
        var root = Directory.Exists(nameOrPath) ? nameOrPath : ModelFolder.Find(nameOrPath).Path;
        var folder = new[] { System.IO.Path.Combine(root, "transformer"), System.IO.Path.Combine(root, "unet"), root }
            .FirstOrDefault(candidate => File.Exists(System.IO.Path.Combine(candidate, "config.json")))
            ?? throw new UserErrorException($"model: {nameOrPath} has no transformer/config.json, unet/config.json or config.json; expected a diffusers pipeline or a denoiser");
        var config = ModelConfig.Read(System.IO.Path.Combine(folder, "config.json"));
        config.RequireClass([.. Known.Keys]);
        var (denoiser, conditioning) = Known[config.ClassName](folder, textTokens);
        return new DenoiserFolder(folder, config.ClassName, denoiser, conditioning);
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
}
