using Drift.Kernels;

namespace Drift.Models;

/// <summary>
/// diffusers' DiTTransformer2DModel: a class-conditional diffusion transformer with adaLN-Zero (Peebles and Xie, "Scalable diffusion models with transformers",
/// arXiv 2212.09748).
/// </summary>
public sealed class DiTTransformer2D : IDenoiser
{
    private const int TimestepFeatures = 256;
    private const float ModulationEpsilon = 1e-6f;
    private const int ModulationParts = 6;

    private readonly int _outChannels, _width, _classes;
    private readonly float _epsilon;
    private readonly PatchEmbedding _patches;
    private readonly LinearLayer _finalModulation, _finalProjection;
    private readonly Block[] _blocks;

    private DiTTransformer2D(ModelConfig config, ModelWeights weights)
    {
        config.RequireClass("DiTTransformer2DModel");
        var feedForward = FeedForwardForm.Read(config);
        config.SupportedChoice("norm_type", ["ada_norm_zero"], ["layer_norm", "ada_norm", "ada_norm_single", "ada_norm_continuous", "layer_norm_i2vgen"]);
        if (config.Flag("norm_elementwise_affine", false))
            throw config.NotSupported("norm_elementwise_affine", "true", "false, as DiT has it");
        // Nothing is dropped in use; a value that diffusers refuses says that the config is damaged.
        config.Number("dropout", 0, 0, 1);
        var heads = config.Integer("num_attention_heads", 16);
        _width = heads * config.Integer("attention_head_dim", 72);
        _classes = config.Integer("num_embeds_ada_norm", 1000);
        _epsilon = (float)config.Number("norm_eps", 1e-5, 0);
        var attentionBias = config.Flag("attention_bias", true);

        _patches = new PatchEmbedding(weights, config, _width, standardSize: 32, shrink: _ => 1);
        _outChannels = config.OptionalInteger("out_channels") ?? LatentShape.Channels;
        _blocks = new Block[config.Integer("num_layers", 28)];
        for (var i = 0; i < _blocks.Length; i++)
            _blocks[i] = new Block(weights, i, _width, heads, _classes, attentionBias, feedForward);
        _finalModulation = LinearLayer.Read(weights, "proj_out_1", new LayerKey(0, GemmRole.FinalProjection, 0), 2 * _width, _width);
        _finalProjection = LinearLayer.Read(weights, "proj_out_2", new LayerKey(0, GemmRole.FinalProjection, 1), _patches.Patch * _patches.Patch * _outChannels, _width);
        Layers = [_patches.Projection, .. _blocks.SelectMany(b => b.Layers), _finalModulation, _finalProjection];
    }

    /// <inheritdoc/>
    public (int Channels, int Height, int Width) LatentShape => _patches.LatentShape;

    /// <inheritdoc/>
    public IReadOnlyList<LinearLayer> Layers { get; }

    /// <inheritdoc/>
    public int OutChannels => _outChannels;

    /// <summary>Number of classes; the null class has this number.</summary>
    public int Classes => _classes;

    /// <summary>Reads the network from a folder.</summary>
    /// <param name="folder">A folder with config.json and weights, as diffusers' save_pretrained writes it.</param>
    /// <exception cref="ModelFormatException">The folder is incomplete, damaged or of another network.</exception>
    public static DiTTransformer2D Load(string folder)
    {
        var config = ModelConfig.Read(Path.Combine(folder, "config.json"));
        return ModelWeights.Load(folder, weights => new DiTTransformer2D(config, weights));
    }

    /// <inheritdoc/>
    public Tensor Predict(Tensor latent, StepContext step, Conditioning conditioning, IGemmUnit gemm) => Predict(latent, step, conditioning, gemm, null);

    /// <summary>The prediction, with a look at the values on the way, to find the layer that differs.</summary>
    /// <param name="latent">[samples, channels, height, width].</param>
    /// <param name="step">Where in the run this happens.</param>
    /// <param name="conditioning">Class labels, one a sample.</param>
    /// <param name="gemm">Computes every layer.</param>
    /// <param name="watch">Called with the names <c>patch_embed</c>, <c>emb.N</c> and <c>block.N</c>; null for none.</param>
    /// <exception cref="ArgumentException">The latent or a label does not fit the network.</exception>
    public Tensor Predict(Tensor latent, StepContext step, Conditioning conditioning, IGemmUnit gemm, Action<string, Tensor>? watch)
    {
        ArgumentNullException.ThrowIfNull(latent);
        ArgumentNullException.ThrowIfNull(step);
        ArgumentNullException.ThrowIfNull(conditioning);
        ArgumentNullException.ThrowIfNull(gemm);
        _patches.Require(latent);
        var samples = latent.Shape[0];
        if (conditioning.ClassLabels.Length != samples || conditioning.ClassLabels.Any(label => label < 0 || label > _classes))
            throw new ArgumentException($"{samples} samples need as many class labels of 0..{_classes}", nameof(conditioning));

        var work = step.Workspace;
        var result = work.Rent(samples, _outChannels, latent.Shape[2], latent.Shape[3]);
        using var scope = work.Begin();
        var hidden = _patches.Embed(latent, step, gemm);
        var tokens = hidden.Shape[1];
        watch?.Invoke("patch_embed", hidden);

        var features = work.Rent(samples, TimestepFeatures);
        for (var s = 0; s < samples; s++)
            Sinusoids.Timestep(step.Timestep, features.Slice(s, 1).Span, shift: 1);
        var first = work.Rent(samples, _width);
        for (var i = 0; i < _blocks.Length; i++)
        {
            using var blockScope = work.Begin();
            var embedding = i == 0 ? first : work.Rent(samples, _width);
            Embed(_blocks[i], step, features, conditioning, gemm, embedding);
            watch?.Invoke($"emb.{i}", embedding);
            Activation.Silu(embedding.Span);
            Run(_blocks[i], step, hidden, embedding, conditioning, gemm);
            watch?.Invoke($"block.{i}", hidden);
        }

        var modulation = new AdaptiveNorm(work.Rent(samples, 2 * _width), _width);
        gemm.Linear(step, first, new Projection(_finalModulation, modulation.Parts, conditioning.ClassLabels));
        modulation.Norm(hidden, 0, ModulationEpsilon, hidden);

        var pixels = work.Rent(samples, tokens, _finalProjection.N);
        gemm.Linear(step, hidden, new Projection(_finalProjection, pixels));
        Patches.Scatter(pixels, _patches.Patch, result);
        return result;
    }

    /// <summary>x + gate attention(norm(x)), then x + gate feed-forward(norm(x)), with shifts, scales and gates from the embedding.</summary>
    private void Run(Block block, StepContext step, Tensor hidden, Tensor embedding, Conditioning conditioning, IGemmUnit gemm)
    {
        var modulation = new AdaptiveNorm(step.Workspace.Rent(hidden.Shape[0], ModulationParts * _width), _width);
        gemm.Linear(step, embedding, new Projection(block.Modulation, modulation.Parts, conditioning.ClassLabels));
        block.Parts.Attend(step, hidden, modulation, ModulationEpsilon, gemm);
        block.Parts.FeedForward(step, hidden, modulation, _epsilon, gemm);
    }

    /// <summary>Timestep embedding plus class embedding, before SiLU.</summary>
    private void Embed(Block block, StepContext step, Tensor features, Conditioning conditioning, IGemmUnit gemm, Tensor embedding)
    {
        using var scope = step.Workspace.Begin();
        var samples = embedding.Shape[0];
        var inner = step.Workspace.Rent(samples, _width);
        gemm.Linear(step, features, new Projection(block.Timestep1, inner, conditioning.ClassLabels));
        Activation.Silu(inner.Span);
        gemm.Linear(step, inner, new Projection(block.Timestep2, embedding, conditioning.ClassLabels));
        for (var s = 0; s < samples; s++)
            Activation.Add(embedding.Span.Slice(s * _width, _width), block.ClassTable.Row(conditioning.ClassLabels[s]));
    }

    /// <summary>The layers of one block.</summary>
    private sealed class Block
    {
        public Block(ModelWeights weights, int index, int width, int heads, int classes, bool attentionBias, FeedForwardForm form)
        {
            LinearLayer At(string name, GemmRole role, int n, int k, int place = 0) =>
                LinearLayer.Read(weights, $"transformer_blocks.{index}.{name}", new LayerKey(index, role, place), n, k);

            Timestep1 = At("norm1.emb.timestep_embedder.linear_1", GemmRole.TimestepEmbedding, width, TimestepFeatures);
            Timestep2 = At("norm1.emb.timestep_embedder.linear_2", GemmRole.TimestepEmbedding, width, width, 1);
            ClassTable = weights.Table($"transformer_blocks.{index}.norm1.emb.class_embedder.embedding_table.weight", classes + 1, width);
            Modulation = At("norm1.linear", GemmRole.Modulation, ModulationParts * width, width);
            Parts = new AdaptiveBlock(weights, index, width, heads, attentionBias, form);
        }

        public LinearLayer Timestep1 { get; }

        public LinearLayer Timestep2 { get; }

        public EmbeddingTable ClassTable { get; }

        public LinearLayer Modulation { get; }

        public AdaptiveBlock Parts { get; }

        public IEnumerable<LinearLayer> Layers => [Timestep1, Timestep2, Modulation, .. Parts.AttentionLayers, .. Parts.FeedForwardLayers];
    }
}
