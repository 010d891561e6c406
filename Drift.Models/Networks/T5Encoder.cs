using Drift.Kernels;

namespace Drift.Models;

/// <summary>
/// transformers' T5EncoderModel (Raffel et al., arXiv 1910.10683): tokens to text states. Attention has no scale and one bias by distance for all layers; feed-forward is
/// ReLU (version 1.0), gated GELU (1.1, which PixArt uses) or another of their kinds.
/// </summary>
public sealed class T5Encoder : ITextEncoder
{
    private const string GatedForm = "gated-", GatedGelu = "gated-gelu";

    private readonly int _width, _heads, _inner, _buckets, _farthest;
    private readonly string _activation;
    private readonly float _epsilon;
    private readonly EmbeddingTable _embeddings;
    private readonly float[] _distances, _finalNorm;
    private readonly Block[] _blocks;

    private T5Encoder(ModelConfig config, ModelWeights weights)
    {
        config.RequireClass("T5EncoderModel");
        var form = config.Choice("feed_forward_proj", "relu", "gated-gelu", "gelu", "gelu_new", "silu", "gated-relu", "gated-silu", "gated-gelu_new");
        var gated = form.StartsWith(GatedForm, StringComparison.Ordinal);
        // transformers takes the tanh form for the gated GELU under either name.
        _activation = form == GatedGelu ? "gelu_new" : gated ? form[GatedForm.Length..] : form;
        Vocabulary = config.Integer("vocab_size", 32128);
        _width = config.Integer("d_model", 512);
        _heads = config.Integer("num_heads", 8);
        _inner = _heads * config.Integer("d_kv", 64);
        _buckets = config.Integer("relative_attention_num_buckets", 32, least: 4);
        _farthest = config.Integer("relative_attention_max_distance", 128, least: _buckets / 4 + 1);
        _epsilon = (float)config.Number("layer_norm_epsilon", 1e-6, 0);
        var widening = config.Integer("d_ff", 2048);

        // Published checkpoints name the shared embedding, or the encoder's, or both, and may hold the decoder besides.
        weights.Leave("shared.weight", "encoder.embed_tokens.weight", "decoder.", "lm_head.");
        _embeddings = weights.Table(weights.Has("shared.weight") ? "shared.weight" : "encoder.embed_tokens.weight", Vocabulary, _width);
        _distances = weights.Read("encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight", _buckets, _heads);
        _blocks = new Block[config.Integer("num_layers", 6)];
        for (var i = 0; i < _blocks.Length; i++)
            _blocks[i] = new Block(weights, i, _width, _inner, widening, gated);
        _finalNorm = weights.Read("encoder.final_layer_norm.weight", _width);
    }

    /// <summary>Number of token ids.</summary>
    public int Vocabulary { get; }

    /// <summary>Values of a state.</summary>
    public int Width => _width;

    /// <summary>Reads the network from a folder.</summary>
    /// <param name="folder">A folder with config.json and weights, as transformers' save_pretrained writes it.</param>
    /// <exception cref="ModelFormatException">The folder is incomplete, damaged or of another network.</exception>
    public static T5Encoder Load(string folder)
    {
        var config = ModelConfig.Read(Path.Combine(folder, "config.json"));
        return ModelWeights.Load(folder, weights => new T5Encoder(config, weights));
    }

    /// <inheritdoc/>
    public Tensor Encode(TokenBatch tokens, IGemmUnit gemm, Workspace workspace)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        ArgumentNullException.ThrowIfNull(gemm);
        ArgumentNullException.ThrowIfNull(workspace);
        var hidden = new Tensor(tokens.Texts, tokens.Tokens, _width);
        for (var i = 0; i < tokens.Ids.Length; i++)
        {
            var id = tokens.Ids[i];
            if (id < 0 || id >= Vocabulary)
                throw new ArgumentException($"token {id} is not one of the {Vocabulary} that the text encoder knows", nameof(tokens));
            _embeddings.Row(id).CopyTo(hidden.Span[(i * _width)..]);
        }

        using var scope = workspace.Begin();
        var step = new StepContext(0, 0, workspace);
        var bias = Distances(tokens.Tokens);
        foreach (var block in _blocks)
        {
            using var blockScope = workspace.Begin();
            Attend(block, hidden, tokens, bias, step, gemm);
            Feed(block, hidden, step, gemm);
        }

        RmsNorm.Apply(hidden.Span, _finalNorm, _epsilon, hidden.Span);
        return hidden;
    }

    /// <summary>x + attention(norm(x)).</summary>
    private void Attend(Block block, Tensor hidden, TokenBatch tokens, Tensor bias, StepContext step, IGemmUnit gemm)
    {
        var work = step.Workspace;
        var (texts, length) = (tokens.Texts, tokens.Tokens);
        var normed = work.Rent(texts, length, _width);
        RmsNorm.Apply(hidden.Span, block.AttentionNorm, _epsilon, normed.Span);
        var (query, key, value) = (work.Rent(texts, length, _inner), work.Rent(texts, length, _inner), work.Rent(texts, length, _inner));
        gemm.Linear(step, normed, new Projection(block.Query, query), new Projection(block.Key, key), new Projection(block.Value, value));
        var attended = work.Rent(texts, length, _inner);
        gemm.Attend(step, new AttentionCall(query, key, value, length, _heads, attended) { KeyMask = tokens.Mask, Bias = bias, Scale = 1 });
        gemm.Linear(step, attended, new Projection(block.Output, normed));
        Activation.Add(hidden.Span, normed.Span);
    }

    /// <summary>x + feed-forward(norm(x)).</summary>
    private void Feed(Block block, Tensor hidden, StepContext step, IGemmUnit gemm)
    {
        var work = step.Workspace;
        var normed = work.Rent([.. hidden.Shape]);
        RmsNorm.Apply(hidden.Span, block.FeedForwardNorm, _epsilon, normed.Span);
        var wide = work.Rent(hidden.Shape[0], hidden.Shape[1], block.FeedForward1.N);
        if (block.Gated is { } gated)
        {
            var linear = work.Rent([.. wide.Shape]);
            gemm.Linear(step, normed, new Projection(block.FeedForward1, wide), new Projection(gated, linear));
            Activate(wide.Span);
            Activation.Multiply(wide.Span, linear.Span);
        }
        else
        {
            gemm.Linear(step, normed, new Projection(block.FeedForward1, wide));
            Activate(wide.Span);
        }

        gemm.Linear(step, wide, new Projection(block.FeedForward2, normed));
        Activation.Add(hidden.Span, normed.Span);
    }

    private void Activate(Span<float> values)
    {
        switch (_activation)
        {
            case "relu": Activation.Relu(values); break;
            case "silu": Activation.Silu(values); break;
            case "gelu": Gelu.Exact(values); break;
            default: Gelu.Tanh(values); break;
        }
    }

    /// <summary>[heads, tokens, tokens]: the bias of each query and key by the bucket of their distance.</summary>
    private Tensor Distances(int tokens)
    {
        var bias = new Tensor(_heads, tokens, tokens);
        for (var i = 0; i < bias.Length; i++)
        {
            var (pair, key) = Math.DivRem(i, tokens);
            var (head, query) = Math.DivRem(pair, tokens);
            bias.Span[i] = _distances[Bucket(key - query) * _heads + head];
        }

        return bias;
    }

    /// <summary>Half of the buckets for each direction; of those, half for one distance each and half for ever wider stretches up to the farthest.</summary>
    private int Bucket(int distance)
    {
        var half = _buckets / 2;
        var (forward, apart, exact) = (distance > 0 ? half : 0, Math.Abs(distance), half / 2);
        if (apart < exact)
            return forward + apart;
        // In fp32, as transformers has it: which bucket a distance falls into can hang on the rounding.
        var stretch = MathF.Log((float)apart / exact) / (float)Math.Log((double)_farthest / exact) * (half - exact);
        return forward + Math.Min(exact + (int)stretch, half - 1);
    }

    /// <summary>The layers of one block. Their place in it is their index.</summary>
    private sealed class Block
    {
        public Block(ModelWeights weights, int index, int width, int inner, int widening, bool gated)
        {
            LinearLayer At(string name, int place, int n, int k) =>
                LinearLayer.Read(weights, $"encoder.block.{index}.layer.{name}", new LayerKey(index, GemmRole.TextEncoder, place), n, k, bias: false);

            AttentionNorm = weights.Read($"encoder.block.{index}.layer.0.layer_norm.weight", width);
            Query = At("0.SelfAttention.q", 0, inner, width);
            Key = At("0.SelfAttention.k", 1, inner, width);
            Value = At("0.SelfAttention.v", 2, inner, width);
            Output = At("0.SelfAttention.o", 3, width, inner);
            FeedForwardNorm = weights.Read($"encoder.block.{index}.layer.1.layer_norm.weight", width);
            FeedForward1 = At(gated ? "1.DenseReluDense.wi_0" : "1.DenseReluDense.wi", 4, widening, width);
            Gated = gated ? At("1.DenseReluDense.wi_1", 5, widening, width) : null;
            FeedForward2 = At("1.DenseReluDense.wo", 6, width, widening);
        }

        public float[] AttentionNorm { get; }

        public LinearLayer Query { get; }

        public LinearLayer Key { get; }

        public LinearLayer Value { get; }

        public LinearLayer Output { get; }

        public float[] FeedForwardNorm { get; }

        public LinearLayer FeedForward1 { get; }

        /// <summary>What the activated values are multiplied by; null for a feed-forward without a gate.</summary>
        public LinearLayer? Gated { get; }

        public LinearLayer FeedForward2 { get; }
    }
}
