namespace Drift.Models;

/// <summary>One resolution of a UNet.</summary>
/// <param name="Width">Channels.</param>
/// <param name="Heads">Attention heads.</param>
/// <param name="Layers">Units on the way down; one more on the way up.</param>
/// <param name="TransformerBlocks">Blocks of each transformer.</param>
/// <param name="AttendsDown">Whether the units on the way down have transformers.</param>
/// <param name="AttendsUp">Whether those on the way up do.</param>
internal sealed record UNetLevel(int Width, int Heads, int Layers, int TransformerBlocks, bool AttendsDown, bool AttendsUp);

/// <summary>The settings of a UNet2DConditionModel, checked.</summary>
internal sealed record UNetForm
{
    private const int TimeWidening = 4;

    /// <summary>What changes the computation in ways that Stable Diffusion 1 and 2 do not have.</summary>
    private static readonly IReadOnlyList<string> Absent =
    [
        "addition_embed_type", "class_embed_type", "cross_attention_norm", "encoder_hid_dim", "encoder_hid_dim_type", "num_class_embeds",
        "reverse_transformer_layers_per_block", "time_cond_proj_dim", "time_embedding_act_fn", "time_embedding_dim", "timestep_post_act",
    ];

    private static readonly IReadOnlyList<string> False =
        ["center_input_sample", "class_embeddings_concat", "dual_cross_attention", "mid_block_only_cross_attention", "only_cross_attention", "resnet_skip_time_act"];

    /// <summary>Channels of a latent.</summary>
    public required int InChannels { get; init; }

    /// <summary>Channels of a prediction.</summary>
    public required int OutChannels { get; init; }

    /// <summary>Values of a latent's column.</summary>
    public required int Height { get; init; }

    /// <summary>Values of a latent's row.</summary>
    public required int Width { get; init; }

    /// <summary>Values of a text token.</summary>
    public required int TextWidth { get; init; }

    /// <summary>Groups of every group norm.</summary>
    public required int Groups { get; init; }

    /// <summary>Added to the variance in the residual blocks.</summary>
    public required float Epsilon { get; init; }

    /// <summary>Whether the timestep's cosines stand before its sines.</summary>
    public required bool CosinesFirst { get; init; }

    /// <summary>What the number of the timestep's frequencies is lowered by.</summary>
    public required double FrequencyShift { get; init; }

    /// <summary>Whether transformers are entered and left through linear layers rather than 1 x 1 convolutions.</summary>
    public required bool LinearProjections { get; init; }

    /// <summary>The resolutions, finest first.</summary>
    public required IReadOnlyList<UNetLevel> Levels { get; init; }

    /// <summary>Values of the timestep's embedding.</summary>
    public int TimeWidth => TimeWidening * Levels[0].Width;

    /// <summary>Reads and checks the settings.</summary>
    /// <exception cref="ModelFormatException">One makes no sense or is not supported.</exception>
    public static UNetForm Read(ModelConfig config)
    {
        config.RequireClass("UNet2DConditionModel");
        RefuseOthers(config);
        var size = config.HasList("sample_size") ? config.Integers("sample_size", []) : [config.OptionalInteger("sample_size") ?? 64];
        var form = new UNetForm
        {
            InChannels = config.Integer("in_channels", 4),
            OutChannels = config.Integer("out_channels", 4),
            Height = size[0],
            Width = size[^1],
            TextWidth = config.Integer("cross_attention_dim", 1280),
            Groups = config.Integer("norm_num_groups", 32),
            Epsilon = (float)config.Number("norm_eps", 1e-5, 0),
            CosinesFirst = config.Flag("flip_sin_to_cos", true),
            FrequencyShift = config.Number("freq_shift", 0, 0, 1),
            LinearProjections = config.Flag("use_linear_projection", false),
            Levels = ReadLevels(config),
        };
        if (form.Levels.Any(level => level.Width % form.Groups != 0))
            throw config.Refuse("norm_num_groups", $"{form.Groups}", $"a divisor of every entry of block_out_channels, {string.Join(", ", form.Levels.Select(level => level.Width))}");
        if (form.Levels[0].Width is var first && (first % 2 != 0 || first < 4))
            throw config.Refuse("block_out_channels", $"{first} first", "an even number of at least 4 there, for the timestep's sines and cosines");
        return form;
    }

    private static void RefuseOthers(ModelConfig config)
    {
        foreach (var name in Absent.Where(config.Has))
            throw config.NotSupported(name, "set", "null");
        foreach (var name in False.Where(name => config.Has(name) && config.Flag(name, false)))
            throw config.NotSupported(name, "true", "false");
        config.SupportedChoice("act_fn", ["silu", "swish"], ["gelu", "mish", "relu"]);
        config.SupportedChoice("attention_type", ["default"], ["gated", "gated-text-image"]);
        config.SupportedChoice("mid_block_type", ["UNetMidBlock2DCrossAttn"], ["UNetMidBlock2DSimpleCrossAttn", "UNetMidBlock2D"]);
        config.SupportedChoice("resnet_time_scale_shift", ["default"], ["scale_shift"]);
        config.SupportedChoice("time_embedding_type", ["positional"], ["fourier"]);
        foreach (var (name, value) in new[] { ("conv_in_kernel", 3), ("conv_out_kernel", 3), ("downsample_padding", 1) })
        {
            if (config.Integer(name, value, 0) is var found && found != value)
                throw config.NotSupported(name, $"{found}", $"{value}");
        }

        foreach (var name in new[] { "mid_block_scale_factor", "resnet_out_scale_factor" })
        {
            if (config.Number(name, 1) is var found && found != 1)
                throw config.NotSupported(name, $"{found}", "1");
        }
    }

    private static UNetLevel[] ReadLevels(ModelConfig config)
    {
        var widths = config.Integers("block_out_channels", [320, 640, 1280, 1280]);
        var (down, up) = (Attends(config, "down_block_types", "Down", widths.Length), Attends(config, "up_block_types", "Up", widths.Length));
        // attention_head_dim has held the number of heads from the start; the later, right name wins where it is set.
        var heads = config.Has("num_attention_heads") ? Each(config, "num_attention_heads", 8, widths.Length) : Each(config, "attention_head_dim", 8, widths.Length);
        var (layers, blocks) = (Each(config, "layers_per_block", 2, widths.Length), Each(config, "transformer_layers_per_block", 1, widths.Length));
        for (var i = 0; i < widths.Length; i++)
        {
            if (widths[i] % heads[i] != 0)
                throw config.Refuse("attention_head_dim", $"{heads[i]} heads", $"a divisor of the {widths[i]} channels of their level");
        }

        return [.. widths.Select((width, i) => new UNetLevel(width, heads[i], layers[i], blocks[i], down[i], up[^(i + 1)]))];
    }

    /// <summary>One number for all levels, or a list with one for each.</summary>
    private static int[] Each(ModelConfig config, string name, int fallback, int levels)
    {
        var values = config.HasList(name) ? config.Integers(name, []) : [.. Enumerable.Repeat(config.Integer(name, fallback), levels)];
        return values.Length == levels ? values : throw config.Refuse(name, $"{values.Length} numbers", $"one, or {levels}, one for each of block_out_channels");
    }

    /// <summary>Which levels have transformers.</summary>
    private static bool[] Attends(ModelConfig config, string name, string way, int levels)
    {
        string plain = $"{way}Block2D", attending = $"CrossAttn{way}Block2D";
        string[] usual = way == "Down" ? [attending, attending, attending, plain] : [plain, attending, attending, attending];
        var types = config.Texts(name, usual);
        if (types.Length != levels || !types.All(type => type.EndsWith("Block2D", StringComparison.Ordinal)))
            throw config.Refuse(name, string.Join(", ", types), $"{levels} of {attending}, {plain}");
        if (types.FirstOrDefault(type => type != plain && type != attending) is { } other)
            throw config.NotSupported(name, $"'{other}'", $"{attending}, {plain}");
        return [.. types.Select(type => type == attending)];
    }
}
