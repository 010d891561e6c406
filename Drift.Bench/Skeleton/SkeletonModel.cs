using System.Text.Json.Nodes;

namespace Drift.Bench;

/// <summary>A network of a skeleton.</summary>
/// <param name="Folder">Its folder in the pipeline.</param>
/// <param name="File">Name of its weights.</param>
/// <param name="Config">Its config.json.</param>
/// <param name="Tensors">Its weights.</param>
internal sealed record SkeletonPart(string Folder, string File, JsonObject Config, IReadOnlyList<SkeletonTensor> Tensors);

/// <summary>A pipeline's folder with random weights.</summary>
/// <param name="Index">Its model_index.json.</param>
/// <param name="Scheduler">Its scheduler_config.json.</param>
/// <param name="Parts">Its networks.</param>
/// <param name="Tokenizer">Shipped model whose tokenizer it borrows; null for a pipeline without text.</param>
/// <param name="TextTokens">Tokens of a text, where the tokenizer's own settings say otherwise.</param>
internal sealed record SkeletonModel(JsonObject Index, JsonObject Scheduler, IReadOnlyList<SkeletonPart> Parts, string? Tokenizer = null, int? TextTokens = null)
{
    private const string Diffusers = "diffusion_pytorch_model.safetensors", Transformers = "model.safetensors";
    private const int HeadWidth = 72, Heads = 16, LatentChannels = 4, LearnedVariances = 2;

    /// <summary>A class-conditional transformer (DiTPipeline).</summary>
    /// <param name="size">Edge of the latent.</param>
    /// <param name="layers">Blocks.</param>
    /// <param name="heads">Heads of 72 values.</param>
    /// <param name="classes">Number of classes.</param>
    /// <param name="autoencoder">Channels of the autoencoder's levels.</param>
    public static SkeletonModel Dit(int size, int layers, int heads, int classes, IReadOnlyList<int> autoencoder) => new(
        Json(("_class_name", "DiTPipeline"), ("id2label", new JsonObject(Enumerable.Range(0, classes).Select(i => KeyValuePair.Create($"{i}", (JsonNode?)$"class {i}"))))),
        Json(("_class_name", "DDIMScheduler"), ("beta_schedule", "linear"), ("beta_start", 0.0001), ("beta_end", 0.02), ("clip_sample", false)),
        [
            new SkeletonPart("transformer", Diffusers,
                Json(("_class_name", "DiTTransformer2DModel"), ("num_layers", layers), ("num_attention_heads", heads), ("attention_head_dim", HeadWidth), ("in_channels", LatentChannels),
                    ("out_channels", LearnedVariances * LatentChannels), ("patch_size", 2), ("sample_size", size), ("num_embeds_ada_norm", classes), ("norm_type", "ada_norm_zero"),
                    ("activation_fn", "gelu-approximate"), ("attention_bias", true), ("norm_elementwise_affine", false)),
                TransformerTensors.Dit(layers, heads * HeadWidth, classes, 2, LatentChannels, LearnedVariances * LatentChannels)),
            Autoencoder(autoencoder),
        ]);

    /// <summary>A text-conditional transformer that is told the size (PixArtAlphaPipeline).</summary>
    /// <param name="size">Edge of the latent.</param>
    /// <param name="layers">Blocks.</param>
    /// <param name="heads">Heads of 72 values.</param>
    /// <param name="text">The T5 encoder's blocks, width, width of its feed-forward networks, and heads of 64 values.</param>
    /// <param name="autoencoder">Channels of the autoencoder's levels.</param>
    public static SkeletonModel PixArt(int size, int layers, int heads, (int Layers, int Width, int Wide, int Heads) text, IReadOnlyList<int> autoencoder) => new(
        Json(("_class_name", "PixArtAlphaPipeline")),
        Json(("_class_name", "DPMSolverMultistepScheduler"), ("beta_schedule", "linear"), ("beta_start", 0.0001), ("beta_end", 0.02), ("solver_order", 2)),
        [
            new SkeletonPart("transformer", Diffusers,
                Json(("_class_name", "PixArtTransformer2DModel"), ("num_layers", layers), ("num_attention_heads", heads), ("attention_head_dim", HeadWidth), ("in_channels", LatentChannels),
                    ("out_channels", LearnedVariances * LatentChannels), ("patch_size", 2), ("sample_size", size), ("caption_channels", text.Width), ("cross_attention_dim", heads * HeadWidth),
                    ("use_additional_conditions", true), ("norm_type", "ada_norm_single"), ("norm_eps", 1e-6), ("activation_fn", "gelu-approximate"), ("attention_bias", true),
                    ("norm_elementwise_affine", false)),
                TransformerTensors.PixArt(layers, heads * HeadWidth, text.Width, 2, LatentChannels, LearnedVariances * LatentChannels)),
            new SkeletonPart("text_encoder", Transformers,
                Json(("architectures", new JsonArray("T5EncoderModel")), ("num_layers", text.Layers), ("d_model", text.Width), ("d_ff", text.Wide), ("num_heads", text.Heads), ("d_kv", 64),
                    ("vocab_size", 32128), ("relative_attention_num_buckets", 32), ("relative_attention_max_distance", 128), ("feed_forward_proj", "gated-gelu"), ("layer_norm_epsilon", 1e-6)),
                TransformerTensors.T5(text.Layers, text.Width, text.Wide, text.Heads, 64, 32128, 32)),
            Autoencoder(autoencoder),
        ], "pixart-emoji");

    /// <summary>A text-conditional UNet (StableDiffusionPipeline).</summary>
    /// <param name="size">Edge of the latent.</param>
    /// <param name="widths">Channels of the levels.</param>
    /// <param name="heads">Attention heads of every level.</param>
    /// <param name="text">The CLIP text encoder's blocks, width, and heads.</param>
    /// <param name="autoencoder">Channels of the autoencoder's levels.</param>
    public static SkeletonModel StableDiffusion(int size, IReadOnlyList<int> widths, int heads, (int Layers, int Width, int Heads) text, IReadOnlyList<int> autoencoder) => new(
        Json(("_class_name", "StableDiffusionPipeline")),
        Json(("_class_name", "DDIMScheduler"), ("beta_schedule", "scaled_linear"), ("beta_start", 0.00085), ("beta_end", 0.012), ("clip_sample", false), ("set_alpha_to_one", false),
            ("steps_offset", 1)),
        [
            new SkeletonPart("unet", Diffusers,
                Json(("_class_name", "UNet2DConditionModel"), ("block_out_channels", Numbers(widths)), ("layers_per_block", 2), ("attention_head_dim", heads), ("cross_attention_dim", text.Width),
                    ("in_channels", LatentChannels), ("out_channels", LatentChannels), ("sample_size", size), ("norm_num_groups", Math.Min(32, widths[0])),
                    ("down_block_types", Texts(widths.Select((_, i) => i < widths.Count - 1 ? "CrossAttnDownBlock2D" : "DownBlock2D"))),
                    ("up_block_types", Texts(widths.Select((_, i) => i > 0 ? "CrossAttnUpBlock2D" : "UpBlock2D")))),
                ConvolutionalTensors.UNet(widths, 2, text.Width, LatentChannels)),
            new SkeletonPart("text_encoder", Transformers,
                Json(("architectures", new JsonArray("CLIPTextModel")), ("num_hidden_layers", text.Layers), ("hidden_size", text.Width), ("intermediate_size", 4 * text.Width),
                    ("num_attention_heads", text.Heads), ("hidden_act", "quick_gelu"), ("vocab_size", 49408), ("max_position_embeddings", 77), ("eos_token_id", 49407)),
                TransformerTensors.ClipText(text.Layers, text.Width, 4 * text.Width, 49408, 77)),
            Autoencoder(autoencoder),
        ], "sd-emoji", 77);

    /// <summary>Stable Diffusion's autoencoder, which DiT and PixArt use as well.</summary>
    private static SkeletonPart Autoencoder(IReadOnlyList<int> widths) => new("vae", Diffusers,
        Json(("_class_name", "AutoencoderKL"), ("block_out_channels", Numbers(widths)), ("layers_per_block", 2), ("latent_channels", LatentChannels), ("norm_num_groups", Math.Min(32, widths[0])),
            ("scaling_factor", 0.18215), ("down_block_types", Texts(widths.Select(_ => "DownEncoderBlock2D"))), ("up_block_types", Texts(widths.Select(_ => "UpDecoderBlock2D")))),
        ConvolutionalTensors.Autoencoder(widths, 2, 3, LatentChannels));

    private static JsonObject Json(params IEnumerable<(string Name, JsonNode? Value)> settings) => new(settings.Select(setting => KeyValuePair.Create(setting.Name, setting.Value)));

    private static JsonArray Numbers(IEnumerable<int> values) => new([.. values.Select(value => (JsonNode?)value)]);

    private static JsonArray Texts(IEnumerable<string> values) => new([.. values.Select(value => (JsonNode?)value)]);
}
