using Drift.Kernels;

namespace Drift.Models;

/// <summary>
/// diffusers' PixArtTransformer2DModel: a text-conditional diffusion transformer (Chen et al., "PixArt-alpha: fast training of diffusion transformer for photorealistic
/// text-to-image synthesis", arXiv 2310.00426). One network for the timestep's shifts, scales and gates serves all blocks, each with a table of its own.
/// </summary>
public sealed class PixArtTransformer2D : IDenoiser
{
    private const int ModulationParts = 6;
    private const float FinalEpsilon = 1e-6f;
    // diffusers tells the size to the checkpoints of 1024 x 1024 pixels, whose latents are 128 wide, where the config does not say.
    private const int SizedByDefault = 128, TrainedInterpolation = 64, UsualOutChannels = 8;

    private readonly int _outChannels, _heads, _width, _textWidth;
    private readonly float _epsilon;
    private readonly PatchEmbedding _patches;
    private readonly TimestepEmbedder _timestep;
    private readonly TimestepEmbedder? _resolution, _aspectRatio;
    private readonly LinearLayer _modulation, _finalProjection;
    private readonly LinearLayer? _caption1, _caption2;
    private readonly Block[] _blocks;
    private readonly float[] _finalTable;

    private PixArtTransformer2D(ModelConfig config, ModelWeights weights)
    {
        config.RequireClass("PixArtTransformer2DModel");
        var feedForward = FeedForwardForm.Read(config);
        config.SupportedChoice("norm_type", ["ada_norm_single"], ["layer_norm", "ada_norm", "ada_norm_zero", "ada_norm_continuous", "layer_norm_i2vgen"]);
        config.SupportedChoice("attention_type", ["default"], ["gated", "gated-text-image"]);
        if (config.Flag("norm_elementwise_affine", false))
            throw config.NotSupported("norm_elementwise_affine", "true", "false, as PixArt has it");
        // Nothing is dropped in use; a value that diffusers refuses says that the config is damaged.
        config.Number("dropout", 0, 0, 1);
        _heads = config.Integer("num_attention_heads", 16);
        _width = _heads * config.Integer("attention_head_dim", 72);
        _epsilon = (float)config.Number("norm_eps", 1e-6, 0);
        _patches = new PatchEmbedding(weights, config, _width, standardSize: 128,
            size => config.Has("interpolation_scale") ? (float)config.Number("interpolation_scale", 1, 1e-6) : Math.Max(size / TrainedInterpolation, 1));
        _outChannels = config.NullableInteger("out_channels", UsualOutChannels) ?? LatentShape.Channels;

        _timestep = new TimestepEmbedder(weights, "adaln_single.emb.timestep_embedder", GemmRole.TimestepEmbedding, 0, _width);
        if (config.Has("use_additional_conditions") ? config.Flag("use_additional_conditions", false) : _patches.SampleSize == SizedByDefault)
        {
            if (_width % 3 != 0)
                throw config.Refuse("attention_head_dim", $"{_width / _heads}", "a width (heads x head size) that 3 divides, for height, width and aspect ratio");
            _resolution = new TimestepEmbedder(weights, "adaln_single.emb.resolution_embedder", GemmRole.SizeEmbedding, 0, _width / 3);
            _aspectRatio = new TimestepEmbedder(weights, "adaln_single.emb.aspect_ratio_embedder", GemmRole.SizeEmbedding, 2, _width / 3);
        }

        _modulation = LinearLayer.Read(weights, "adaln_single.linear", new LayerKey(0, GemmRole.Modulation), ModulationParts * _width, _width);
        _textWidth = config.Integer("cross_attention_dim", 1152);
        if (config.OptionalInteger("caption_channels") is { } captions)
        {
            if (_textWidth != _width)
                throw config.Refuse("cross_attention_dim", $"{_textWidth}", $"{_width}, which captions are projected to");
            _textWidth = captions;
            _caption1 = LinearLayer.Read(weights, "caption_projection.linear_1", new LayerKey(0, GemmRole.CaptionProjection, 0), _width, captions);
            _caption2 = LinearLayer.Read(weights, "caption_projection.linear_2", new LayerKey(0, GemmRole.CaptionProjection, 1), _width, _width);
        }

        var keyWidth = _caption2?.N ?? _textWidth;
        var attentionBias = config.Flag("attention_bias", true);
        _blocks = new Block[config.Integer("num_layers", 28)];
        for (var i = 0; i < _blocks.Length; i++)
            _blocks[i] = new Block(weights, i, _width, _heads, keyWidth, attentionBias, feedForward);
        _finalTable = weights.Read("scale_shift_table", 2, _width);
        _finalProjection = LinearLayer.Read(weights, "proj_out", new LayerKey(0, GemmRole.FinalProjection), _patches.Patch * _patches.Patch * _outChannels, _width);
        Layers =
        [
            _patches.Projection, .. _timestep.Layers, .. _resolution?.Layers ?? [], .. _aspectRatio?.Layers ?? [], _modulation,
            .. new[] { _caption1, _caption2 }.OfType<LinearLayer>(), .. _blocks.SelectMany(block => block.Layers), _finalProjection,
        ];
    }

    /// <inheritdoc/>
    public (int Channels, int Height, int Width) LatentShape => _patches.LatentShape;

    /// <inheritdoc/>
    public int OutChannels => _outChannels;

    /// <inheritdoc/>
    public IReadOnlyList<LinearLayer> Layers { get; }

    /// <summary>Width of the text states that it reads.</summary>
    public int TextWidth => _textWidth;

    /// <summary>Whether it is told the size of the picture.</summary>
    public bool IsToldSize => _resolution is not null;

    /// <summary>Reads the network from a folder.</summary>
    /// <param name="folder">A folder with config.json and weights, as diffusers' save_pretrained writes it.</param>
    /// <exception cref="ModelFormatException">The folder is incomplete, damaged or of another network.</exception>
    public static PixArtTransformer2D Load(string folder)
    {
        var config = ModelConfig.Read(Path.Combine(folder, "config.json"));
        return ModelWeights.Load(folder, weights => new PixArtTransformer2D(config, weights));
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The latent or the conditioning does not fit the network.</exception>
    public Tensor Predict(Tensor latent, StepContext step, Conditioning conditioning, IGemmUnit gemm)
    {
        ArgumentNullException.ThrowIfNull(latent);
        ArgumentNullException.ThrowIfNull(step);
        ArgumentNullException.ThrowIfNull(conditioning);
        ArgumentNullException.ThrowIfNull(gemm);
        _patches.Require(latent);
        var samples = latent.Shape[0];
        if (conditioning.Text is not { } text || text.Shape is not [var texts, _, var textWidth] || texts != samples || textWidth != _textWidth)
            throw new ArgumentException($"{samples} samples need as many texts, {_textWidth} wide", nameof(conditioning));
        if (IsToldSize && conditioning.Sizes?.Length != samples)
            throw new ArgumentException($"{samples} samples need as many picture sizes", nameof(conditioning));

        var work = step.Workspace;
        var result = work.Rent(samples, _outChannels, latent.Shape[2], latent.Shape[3]);
        using var scope = work.Begin();
        var hidden = _patches.Embed(latent, step, gemm);
        var embedding = EmbedTimestep(step, conditioning, samples, gemm);
        var modulation = work.Rent(samples, ModulationParts * _width);
        var activated = Copy(embedding, work);
        Activation.Silu(activated.Span);
        gemm.Linear(step, activated, new Projection(_modulation, modulation));
        var caption = Caption(text, step, gemm);
        foreach (var block in _blocks)
        {
            using var blockScope = work.Begin();
            Run(block, step, hidden, modulation, caption, conditioning.TextMask, gemm);
        }

        // The final table has a shift and a scale, and the embedding is added to both.
        var final = new AdaptiveNorm(work.Rent(samples, 2 * _width), _width);
        for (var s = 0; s < 2 * samples; s++)
            embedding.Slice(s / 2, 1).Span.CopyTo(final.Parts.Span[(s * _width)..]);
        AddTable(final.Parts, _finalTable);
        final.Norm(hidden, 0, FinalEpsilon, hidden);
        var pixels = work.Rent(samples, hidden.Shape[1], _finalProjection.N);
        gemm.Linear(step, hidden, new Projection(_finalProjection, pixels));
        Patches.Scatter(pixels, _patches.Patch, result);
        return result;
    }

    /// <summary>x + gate self-attention(norm(x)), then x + cross-attention(x, text) without norm or gate, then x + gate feed-forward(norm(x)).</summary>
    private void Run(Block block, StepContext step, Tensor hidden, Tensor shared, Tensor caption, bool[]? mask, IGemmUnit gemm)
    {
        var work = step.Workspace;
        var (samples, tokens) = (hidden.Shape[0], hidden.Shape[1]);
        var modulation = new AdaptiveNorm(Copy(shared, work), _width);
        AddTable(modulation.Parts, block.Table);

        block.Parts.Attend(step, hidden, modulation, _epsilon, gemm);

        var (query, attended) = (work.Rent(samples, tokens, _width), work.Rent(samples, tokens, _width));
        var words = caption.Shape[1];
        var (textKey, textValue) = (work.Rent(samples, words, _width), work.Rent(samples, words, _width));
        gemm.Linear(step, hidden, new Projection(block.CrossQuery, query));
        gemm.Linear(step, caption, new Projection(block.CrossKey, textKey), new Projection(block.CrossValue, textValue));
        gemm.Attend(step, new AttentionCall(query, textKey, textValue, tokens, _heads, attended) { KeyTokens = words, KeyMask = mask });
        gemm.Linear(step, attended, new Projection(block.CrossOutput, query));
        TensorOperations.Add(hidden, query);

        block.Parts.FeedForward(step, hidden, modulation, _epsilon, gemm);
    }

    /// <summary>The timestep's embedding, plus those of height, width and aspect ratio side by side.</summary>
    private Tensor EmbedTimestep(StepContext step, Conditioning conditioning, int samples, IGemmUnit gemm)
    {
        var embedding = _timestep.Embed([.. Enumerable.Repeat(step.Timestep, samples)], step, gemm);
        if (_resolution is null || _aspectRatio is null || conditioning.Sizes is not { } sizes)
            return embedding;
        var resolution = _resolution.Embed([.. sizes.SelectMany(size => new double[] { size.Height, size.Width })], step, gemm);
        var ratio = _aspectRatio.Embed([.. sizes.Select(size => (double)size.AspectRatio)], step, gemm);
        var third = _width / 3;
        for (var s = 0; s < samples; s++)
        {
            var values = embedding.Slice(s, 1).Span;
            Activation.Add(values[..(2 * third)], resolution.Slice(2 * s, 2).Span);
            Activation.Add(values[(2 * third)..], ratio.Slice(s, 1).Span);
        }

        return embedding;
    }

    /// <summary>Text states at the width of the blocks' keys and values.</summary>
    private Tensor Caption(Tensor text, StepContext step, IGemmUnit gemm)
    {
        if (_caption1 is null || _caption2 is null)
            return text;
        var caption = step.Workspace.Rent(text.Shape[0], text.Shape[1], _width);
        using var scope = step.Workspace.Begin();
        var inner = step.Workspace.Rent(text.Shape[0], text.Shape[1], _width);
        gemm.Linear(step, text, new Projection(_caption1, inner));
        Gelu.Tanh(inner.Span);
        gemm.Linear(step, inner, new Projection(_caption2, caption));
        return caption;
    }

    private static void AddTable(Tensor modulation, float[] table)
    {
        for (var s = 0; s < modulation.Shape[0]; s++)
            Activation.Add(modulation.Slice(s, 1).Span, table);
    }

    private static Tensor Copy(Tensor source, Workspace work)
    {
        var copy = work.Rent([.. source.Shape]);
        source.Span.CopyTo(copy.Span);
        return copy;
    }

    /// <summary>The layers of one block: attn1 is self-attention, attn2 cross-attention.</summary>
    private sealed class Block
    {
        public Block(ModelWeights weights, int index, int width, int heads, int textWidth, bool attentionBias, FeedForwardForm form)
        {
            LinearLayer At(string name, GemmRole role, int n, int k, bool bias = true) =>
                LinearLayer.Read(weights, $"transformer_blocks.{index}.{name}", new LayerKey(index, role), n, k, bias);

            Table = weights.Read($"transformer_blocks.{index}.scale_shift_table", ModulationParts, width);
            Parts = new AdaptiveBlock(weights, index, width, heads, attentionBias, form);
            CrossQuery = At("attn2.to_q", GemmRole.CrossQuery, width, width, attentionBias);
            CrossKey = At("attn2.to_k", GemmRole.CrossKey, width, textWidth, attentionBias);
            CrossValue = At("attn2.to_v", GemmRole.CrossValue, width, textWidth, attentionBias);
            CrossOutput = At("attn2.to_out.0", GemmRole.CrossOutput, width, width);
        }

        public float[] Table { get; }

        public AdaptiveBlock Parts { get; }

        public LinearLayer CrossQuery { get; }

        public LinearLayer CrossKey { get; }

        public LinearLayer CrossValue { get; }

        public LinearLayer CrossOutput { get; }

        public IEnumerable<LinearLayer> Layers => [.. Parts.AttentionLayers, CrossQuery, CrossKey, CrossValue, CrossOutput, .. Parts.FeedForwardLayers];
    }
}
