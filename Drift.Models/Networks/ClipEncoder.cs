using Drift.Kernels;

namespace Drift.Models;

/// <summary>The transformer that both towers of CLIP are made of: pre-norm blocks of attention and a feed-forward network. Immutable; serves all threads.</summary>
internal sealed class ClipEncoder
{
    private readonly Block[] _blocks;
    private readonly int _heads;
    private readonly float _epsilon;
    private readonly bool _quick;

    /// <summary>Reads a tower's blocks.</summary>
    /// <param name="config">The tower's settings.</param>
    /// <param name="weights">The folder's weights.</param>
    /// <param name="prefix">What the names of the tower's tensors begin with.</param>
    /// <param name="usual">Width, width of the feed-forward network, blocks and heads where the config does not say.</param>
    /// <param name="role">Role of all of the tower's layers.</param>
    public ClipEncoder(ModelConfig config, ModelWeights weights, string prefix, (int Width, int Wide, int Blocks, int Heads) usual, GemmRole role)
    {
        Width = config.Integer("hidden_size", usual.Width);
        _heads = config.Integer("num_attention_heads", usual.Heads);
        if (Width % _heads != 0)
            throw config.Refuse("num_attention_heads", $"{_heads}", $"a divisor of hidden_size {Width}");
        _quick = config.SupportedChoice("hidden_act", ["quick_gelu", "gelu"], ["gelu_new", "gelu_pytorch_tanh", "relu", "silu", "swish", "tanh"]) == "quick_gelu";
        _epsilon = (float)config.Number("layer_norm_eps", 1e-5, 0);
        var wide = config.Integer("intermediate_size", usual.Wide);
        _blocks = new Block[config.Integer("num_hidden_layers", usual.Blocks)];
        for (var i = 0; i < _blocks.Length; i++)
            _blocks[i] = new Block(weights, $"{prefix}encoder.layers.{i}", new LayerKey(i, role), Width, wide);
    }

    /// <summary>Values of a token.</summary>
    public int Width { get; }

    /// <summary>Runs all blocks in place.</summary>
    /// <param name="hidden">[samples, tokens, width].</param>
    /// <param name="mask">[samples x tokens]: which tokens are seen; null for all.</param>
    /// <param name="bias">[1, tokens, tokens], added to the attention scores; null for none.</param>
    /// <param name="step">Scratch memory and place in the run.</param>
    /// <param name="gemm">Computes every layer.</param>
    /// <param name="watch">Called with <c>hidden.0</c> before the blocks and <c>hidden.N</c> after each; null for none.</param>
    public void Run(Tensor hidden, bool[]? mask, Tensor? bias, StepContext step, IGemmUnit gemm, Action<string, Tensor>? watch)
    {
        using var scope = step.Workspace.Begin();
        int[] shape = [.. hidden.Shape];
        var (normed, query, key, value) = (step.Workspace.Rent(shape), step.Workspace.Rent(shape), step.Workspace.Rent(shape), step.Workspace.Rent(shape));
        watch?.Invoke("hidden.0", hidden);
        for (var i = 0; i < _blocks.Length; i++)
        {
            var block = _blocks[i];
            Norm(hidden, block.Norm1, normed);
            gemm.Linear(step, normed, new Projection(block.Query, query), new Projection(block.Key, key), new Projection(block.Value, value));
            gemm.Attend(step, new AttentionCall(query, key, value, shape[1], _heads, normed) { KeyMask = mask, Bias = bias });
            gemm.Linear(step, normed, new Projection(block.Output, query));
            Activation.Add(hidden.Span, query.Span);

            Norm(hidden, block.Norm2, normed);
            using var inner = step.Workspace.Begin();
            var wide = step.Workspace.Rent(shape[0], shape[1], block.FeedForward1.N);
            gemm.Linear(step, normed, new Projection(block.FeedForward1, wide));
            if (_quick)
                Gelu.Quick(wide.Span);
            else
                Gelu.Exact(wide.Span);
            gemm.Linear(step, wide, new Projection(block.FeedForward2, query));
            Activation.Add(hidden.Span, query.Span);
            watch?.Invoke($"hidden.{i + 1}", hidden);
        }
    }

    /// <summary>The tower's layer norm.</summary>
    /// <param name="input">[..., width].</param>
    /// <param name="norm">Factors and addends.</param>
    /// <param name="output">As the input; may be the input.</param>
    public void Norm(Tensor input, Affine norm, Tensor output) => LayerNorm.Affine(input.Span, norm.Gamma, norm.Beta, _epsilon, output.Span);

    /// <summary>A layer norm's factors and addends, a value each.</summary>
    public sealed record Affine(float[] Gamma, float[] Beta)
    {
        /// <summary>Reads <c>name.weight</c> and <c>name.bias</c>.</summary>
        public static Affine Read(ModelWeights weights, string name, int width) => new(weights.Read($"{name}.weight", width), weights.Read($"{name}.bias", width));
    }

    private sealed class Block(ModelWeights weights, string name, LayerKey key, int width, int wide)
    {
        public Affine Norm1 { get; } = Affine.Read(weights, $"{name}.layer_norm1", width);

        public LinearLayer Query { get; } = LinearLayer.Read(weights, $"{name}.self_attn.q_proj", key, width, width);

        public LinearLayer Key { get; } = LinearLayer.Read(weights, $"{name}.self_attn.k_proj", key with { Index = 1 }, width, width);

        public LinearLayer Value { get; } = LinearLayer.Read(weights, $"{name}.self_attn.v_proj", key with { Index = 2 }, width, width);

        public LinearLayer Output { get; } = LinearLayer.Read(weights, $"{name}.self_attn.out_proj", key with { Index = 3 }, width, width);

        public Affine Norm2 { get; } = Affine.Read(weights, $"{name}.layer_norm2", width);

        public LinearLayer FeedForward1 { get; } = LinearLayer.Read(weights, $"{name}.mlp.fc1", key with { Index = 4 }, wide, width);

        public LinearLayer FeedForward2 { get; } = LinearLayer.Read(weights, $"{name}.mlp.fc2", key with { Index = 5 }, width, wide);
    }
}
