using Drift.Kernels;

namespace Drift.Models;

/// <summary>A pipeline's folder while it is being read.</summary>
/// <param name="Path">Where it lies.</param>
/// <param name="Index">Its model_index.json.</param>
/// <param name="Autoencoder">Its vae.</param>
public sealed record PipelineFolder(string Path, ModelConfig Index, AutoencoderKL Autoencoder)
{
    /// <summary>A folder inside.</summary>
    /// <param name="part">Name of the part.</param>
    public string Part(string part) => System.IO.Path.Combine(Path, part);
}

/// <summary>The one place that lists pipelines, by the class name that a model_index.json gives.</summary>
public static class PipelineCatalog
{
    /// <summary>The linear layers of a block with self-attention.</summary>
    private static readonly GemmRole[] OfBlock =
        [GemmRole.Query, GemmRole.Key, GemmRole.Value, GemmRole.Output, GemmRole.FeedForward1, GemmRole.FeedForward2];

    private static readonly PipelineKind[] Kinds =
    [
        new("DiTPipeline", TakesPrompts: false, Dit)
        {
            PaperName = "dit",
            Standard = new SamplingSettings(50, 2),
            Scales = ScaleGroups.PerTensor,
            GuardedRoles = new HashSet<GemmRole>(OfBlock),
            Schedule = new ProtectionSchedule(10, SafeSteps: 2, SafeLastSteps: 0),
        },
        PixArt("PixArtAlphaPipeline", tokens: 120),
        PixArt("PixArtSigmaPipeline", tokens: 300),
        new("StableDiffusionPipeline", TakesPrompts: true, StableDiffusion)
        {
            PaperName = "sd15",
            Standard = new SamplingSettings(50, 7.5),
            Scales = ScaleGroups.PerChannelAndToken,
            GuardedRoles = new HashSet<GemmRole>([.. OfBlock, GemmRole.CrossQuery, GemmRole.CrossKey, GemmRole.CrossValue, GemmRole.CrossOutput]),
            Schedule = new ProtectionSchedule(10, SafeSteps: 2, SafeLastSteps: 0),
        },
    ];

    /// <summary>The class names that <see cref="Find"/> takes.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Kinds.Select(kind => kind.Name)];

    /// <summary>The kind of a folder's pipeline.</summary>
    /// <param name="index">Its model_index.json.</param>
    /// <exception cref="ModelFormatException">It names a class that is not supported; the message lists those that are.</exception>
    public static PipelineKind Find(ModelConfig index)
    {
        ArgumentNullException.ThrowIfNull(index);
        index.RequireClass([.. Names]);
        return Get(index.ClassName);
    }

    /// <summary>A kind by its name.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    public static PipelineKind Get(string name) => Kinds.Single(kind => kind.Name == name);

    private static (IDenoiser, IConditioner) Dit(PipelineFolder folder)
    {
        var denoiser = DiTTransformer2D.Load(folder.Part("transformer"));
        // One label too many would draw the null class under that name.
        if (folder.Index.Has("id2label") && folder.Index.TextMap("id2label").Count is var labels && labels != denoiser.Classes)
            throw folder.Index.Refuse("id2label", $"a map of {labels} names", $"{denoiser.Classes}, one for each class of the transformer");
        return (denoiser, new ClassConditioner(denoiser.Classes));
    }

    /// <summary>The pipelines of PixArt differ in the tokens that they cut and pad prompts to.</summary>
    private static PipelineKind PixArt(string name, int tokens) => new(name, TakesPrompts: true, folder => PixArt(folder, tokens))
    {
        PaperName = "pixart",
        Standard = new SamplingSettings(20, 4.5),
        Scales = ScaleGroups.PerChannelAndToken,
        GuardedRoles = new HashSet<GemmRole>([.. OfBlock, GemmRole.CrossKey, GemmRole.CrossValue, GemmRole.CrossOutput]),
        Schedule = new ProtectionSchedule(8, SafeSteps: 1, SafeLastSteps: 1),
    };

    private static (IDenoiser, IConditioner) PixArt(PipelineFolder folder, int tokens)
    {
        var denoiser = PixArtTransformer2D.Load(folder.Part("transformer"));
        var tokenizer = SentencePieceText.Load(folder.Part("tokenizer"));
        var encoder = T5Encoder.Load(folder.Part("text_encoder"));
        if (encoder.Width != denoiser.TextWidth)
            throw new ModelFormatException($"{folder.Path}: the text encoder gives {encoder.Width} values a token, the transformer reads {denoiser.TextWidth}; expected the same");
        if (tokenizer.Vocabulary > encoder.Vocabulary)
            throw new ModelFormatException($"{folder.Path}: the tokenizer has {tokenizer.Vocabulary} tokens, the text encoder {encoder.Vocabulary}; expected at least as many");
        var (_, height, width) = denoiser.LatentShape;
        var (high, wide) = ((float)height * folder.Autoencoder.Shrink, (float)width * folder.Autoencoder.Shrink);
        // As the pipelines prepare a prompt, without their optional cleaning of captions from the web.
        var form = new PromptForm(tokens, Masked: true, text => text.ToLowerInvariant().Trim());
        return (denoiser, new PromptConditioner(tokenizer, encoder, form, denoiser.IsToldSize ? new PictureSize(high, wide, high / wide) : null));
    }

    /// <summary>Every token of the padding conditions the picture, as in diffusers.</summary>
    private static (IDenoiser, IConditioner) StableDiffusion(PipelineFolder folder)
    {
        var denoiser = UNet2DCondition.Load(folder.Part("unet"));
        var encoder = ClipTextModel.Load(folder.Part("text_encoder"));
        var tokenizer = ClipTokenizer.Load(folder.Part("tokenizer"));
        if (encoder.Width != denoiser.TextWidth)
            throw new ModelFormatException($"{folder.Path}: the text encoder gives {encoder.Width} values a token, the unet reads {denoiser.TextWidth}; expected the same");
        if (tokenizer.Vocabulary > encoder.Vocabulary)
            throw new ModelFormatException($"{folder.Path}: the tokenizer has {tokenizer.Vocabulary} tokens, the text encoder {encoder.Vocabulary}; expected at least as many");
        return (denoiser, new PromptConditioner(tokenizer, encoder, new PromptForm(Math.Min(tokenizer.Length, encoder.Length), Masked: false, text => text)));
    }
}
