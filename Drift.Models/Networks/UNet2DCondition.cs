using Drift.Kernels;

namespace Drift.Models;

/// <summary>
/// diffusers' UNet2DConditionModel in the shapes of Stable Diffusion 1 and 2: residual blocks and transformers that read the text, down through some resolutions and up
/// again, each level of the way up reading what the way down left there (Rombach et al., "High-resolution image synthesis with latent diffusion models",
/// arXiv 2112.10752). Immutable; one instance serves all threads.
/// </summary>
public sealed class UNet2DCondition : IDenoiser
{
    private const float TransformerEpsilon = 1e-6f, LayerEpsilon = 1e-5f;

    private readonly int _groups, _inChannels, _textWidth, _height, _width;
    private readonly float _epsilon;
    private readonly bool _cosinesFirst;
    private readonly double _frequencyShift;
    private readonly LinearLayer _time1, _time2;
    private readonly ConvolutionLayer _in, _out;
    private readonly Stage[] _down, _up;
    private readonly Stage _middle;
    private readonly Norm _norm;

    private UNet2DCondition(ModelConfig config, ModelWeights weights)
    {
        var form = UNetForm.Read(config);
        (_groups, _epsilon, _inChannels, _textWidth) = (form.Groups, form.Epsilon, form.InChannels, form.TextWidth);
        (_height, _width, _cosinesFirst, _frequencyShift) = (form.Height, form.Width, form.CosinesFirst, form.FrequencyShift);
        OutChannels = form.OutChannels;

        var build = new Builder(weights, form);
        _time1 = build.Linear("time_embedding.linear_1", GemmRole.TimestepEmbedding, form.TimeWidth, form.Levels[0].Width);
        _time2 = build.Linear("time_embedding.linear_2", GemmRole.TimestepEmbedding, form.TimeWidth, form.TimeWidth);
        _in = build.Convolution("conv_in", form.InChannels, form.Levels[0].Width);
        _down = [.. form.Levels.Select((_, level) => build.Down(level))];
        _middle = build.Middle();
        _up = [.. form.Levels.Select((_, level) => build.Up(level))];
        _norm = build.Norm("conv_norm_out", form.Levels[0].Width);
        _out = build.Convolution("conv_out", form.Levels[0].Width, form.OutChannels);
        Layers = build.Layers;
    }

    /// <inheritdoc/>
    public (int Channels, int Height, int Width) LatentShape => (_inChannels, _height, _width);

    /// <inheritdoc/>
    public int OutChannels { get; }

    /// <summary>Values of a text token.</summary>
    public int TextWidth => _textWidth;

    /// <inheritdoc/>
    public IReadOnlyList<LinearLayer> Layers { get; }

    /// <summary>Reads the network from a folder.</summary>
    /// <param name="folder">A folder with config.json and weights, as diffusers' save_pretrained writes it.</param>
    /// <exception cref="ModelFormatException">The folder is incomplete, damaged or of another network.</exception>
    public static UNet2DCondition Load(string folder)
    {
        var config = ModelConfig.Read(Path.Combine(folder, "config.json"));
        return ModelWeights.Load(folder, weights => new UNet2DCondition(config, weights));
    }

    /// <inheritdoc/>
    public Tensor Predict(Tensor latent, StepContext step, Conditioning conditioning, IGemmUnit gemm) => Predict(latent, step, conditioning, gemm, null);

    /// <summary>The prediction, with a look at the values on the way, to find the layer that differs.</summary>
    /// <param name="latent">[samples, channels, height, width], of any height and width.</param>
    /// <param name="step">Where in the run this happens.</param>
    /// <param name="conditioning">Text states, one text a sample.</param>
    /// <param name="gemm">Computes every layer.</param>
    /// <param name="watch">
    /// Called with <c>time_proj</c> and <c>time_embedding</c> [samples, values], and <c>conv_in</c>, <c>down.N</c>, <c>mid</c> and <c>up.N</c>
    /// [samples, height, width, channels]; null for none.
    /// </param>
    /// <exception cref="ArgumentException">The latent or the text does not fit the network.</exception>
    public Tensor Predict(Tensor latent, StepContext step, Conditioning conditioning, IGemmUnit gemm, Action<string, Tensor>? watch)
    {
        ArgumentNullException.ThrowIfNull(latent);
        ArgumentNullException.ThrowIfNull(step);
        ArgumentNullException.ThrowIfNull(conditioning);
        ArgumentNullException.ThrowIfNull(gemm);
        if (latent.Shape is not [var samples, var channels, var height, var width] || channels != _inChannels)
            throw new ArgumentException($"a latent of [{string.Join(", ", latent.Shape)}] is not [samples, {_inChannels}, height, width]", nameof(latent));
        if (conditioning.Text is not { Shape: [var texts, _, var textWidth] } text || texts != samples || textWidth != _textWidth)
            throw new ArgumentException($"{samples} samples need as many texts, [{samples}, tokens, {_textWidth}]", nameof(conditioning));

        var result = step.Workspace.Rent(samples, OutChannels, height, width);
        using var scope = step.Workspace.Begin();
        var pass = new Pass(gemm, step, text, conditioning.TextMask, _groups, _epsilon, Embedding(samples, step, gemm, watch));
        var x = step.Workspace.Rent(samples, height, width, channels);
        TensorOperations.ToLast(latent, x);
        x = pass.Convolve(x, _in);
        watch?.Invoke("conv_in", x);

        var left = new Stack<Tensor>([x]);
        for (var i = 0; i < _down.Length; i++)
        {
            foreach (var unit in _down[i].Units)
                left.Push(x = pass.Run(unit, x));
            if (_down[i].Resample is { } shrink)
                left.Push(x = pass.Convolve(x, shrink));
            watch?.Invoke($"down.{i}", x);
        }

        foreach (var unit in _middle.Units)
            x = pass.Run(unit, x);
        watch?.Invoke("mid", x);
        for (var i = 0; i < _up.Length; i++)
        {
            foreach (var unit in _up[i].Units)
                x = pass.Run(unit, pass.Join(x, left.Pop()));
            // Twice the extent, less a last row or column where the way down rounded up.
            if (_up[i].Resample is { } grow)
                x = pass.Convolve(pass.Grown(x, left.Peek()), grow);
            watch?.Invoke($"up.{i}", x);
        }

        TensorOperations.ToFirst(pass.Convolve(pass.Activated(x, _norm), _out), result);
        return result;
    }

    /// <summary>The timestep's embedding, behind its last SiLU.</summary>
    private Tensor Embedding(int samples, StepContext step, IGemmUnit gemm, Action<string, Tensor>? watch)
    {
        var embedding = step.Workspace.Rent(samples, _time2.N);
        using var scope = step.Workspace.Begin();
        var (features, inner) = (step.Workspace.Rent(samples, _time1.K), step.Workspace.Rent(samples, _time1.N));
        for (var s = 0; s < samples; s++)
            Sinusoids.Timestep(step.Timestep, features.Slice(s, 1).Span, _frequencyShift, _cosinesFirst);
        watch?.Invoke("time_proj", features);
        gemm.Linear(step, features, new Projection(_time1, inner));
        TensorOperations.Silu(inner);
        gemm.Linear(step, inner, new Projection(_time2, embedding));
        watch?.Invoke("time_embedding", embedding);
        TensorOperations.Silu(embedding);
        return embedding;
    }

    private sealed record Norm(float[] Gamma, float[] Beta);

    private sealed record Residual(Norm Norm1, ConvolutionLayer Conv1, LinearLayer Time, Norm Norm2, ConvolutionLayer Conv2, ConvolutionLayer? Shortcut);

    private sealed record Attention(LinearLayer Query, LinearLayer Key, LinearLayer Value, LinearLayer Output, int Heads);

    private sealed record Block(Norm Norm1, Attention Picture, Norm Norm2, Attention Text, Norm Norm3, LinearLayer FeedForward1, LinearLayer FeedForward2);

    private sealed record Transformer(Norm Norm, LinearLayer In, Block[] Blocks, LinearLayer Out);

    /// <summary>A residual block and a transformer; the middle begins with a block alone.</summary>
    private sealed record Unit(Residual Residual, Transformer? Transformer);

    /// <summary>The units of one level on one way, then a change of resolution where there is one.</summary>
    private sealed record Stage(Unit[] Units, ConvolutionLayer? Resample);

    /// <summary>Names the tensors of each part. A site's block is its stage, in the order of execution; its index counts the stage's layers of its role.</summary>
    private sealed class Builder(ModelWeights weights, UNetForm form)
    {
        private const int Widening = 4;
        private readonly Dictionary<GemmRole, int> _next = [];
        private readonly List<LinearLayer> _layers = [];
        private readonly Stack<int> _left = new([form.Levels[0].Width]);
        private int _stage;

        public IReadOnlyList<LinearLayer> Layers => _layers;

        public Stage Down(int level)
        {
            if (level > 0)
                Advance();
            var (name, size, last) = ($"down_blocks.{level}", form.Levels[level], level == form.Levels.Count - 1);
            var units = new Unit[size.Layers];
            for (var i = 0; i < units.Length; i++)
            {
                units[i] = Unit(name, i, i == 0 ? form.Levels[Math.Max(0, level - 1)].Width : size.Width, size, size.AttendsDown);
                _left.Push(size.Width);
            }

            if (!last)
                _left.Push(size.Width);
            return new Stage(units, last ? null : Convolution($"{name}.downsamplers.0.conv", size.Width, size.Width, stride: 2));
        }

        public Stage Middle()
        {
            Advance();
            var size = form.Levels[^1];
            var first = new Unit(Residual("mid_block.resnets.0", size.Width, size.Width), Transformer("mid_block.attentions.0", size));
            return new Stage([first, new Unit(Residual("mid_block.resnets.1", size.Width, size.Width), null)], null);
        }

        public Stage Up(int place)
        {
            Advance();
            var level = form.Levels.Count - 1 - place;
            var (name, size) = ($"up_blocks.{place}", form.Levels[level]);
            var units = new Unit[size.Layers + 1];
            for (var i = 0; i < units.Length; i++)
            {
                var width = i == 0 ? form.Levels[Math.Min(level + 1, form.Levels.Count - 1)].Width : size.Width;
                units[i] = Unit(name, i, width + _left.Pop(), size, size.AttendsUp);
            }

            return new Stage(units, level == 0 ? null : Convolution($"{name}.upsamplers.0.conv", size.Width, size.Width));
        }

        public Norm Norm(string name, int width) => new(weights.Read($"{name}.weight", width), weights.Read($"{name}.bias", width));

        public LinearLayer Linear(string name, GemmRole role, int n, int k, bool bias = true) => Added(LinearLayer.Read(weights, name, Next(role), n, k, bias));

        public ConvolutionLayer Convolution(string name, int inChannels, int outChannels, int kernel = 3, int stride = 1)
        {
            var layer = ConvolutionLayer.Read(weights, name, Next(GemmRole.Convolution), outChannels, inChannels, kernel, stride, kernel / 2);
            _layers.Add(layer.Linear);
            return layer;
        }

        private void Advance()
        {
            _stage++;
            _next.Clear();
        }

        private LayerKey Next(GemmRole role)
        {
            var index = _next.GetValueOrDefault(role);
            _next[role] = index + 1;
            return new LayerKey(_stage, role, index);
        }

        private LinearLayer Added(LinearLayer layer)
        {
            _layers.Add(layer);
            return layer;
        }

        private Unit Unit(string stage, int index, int inChannels, UNetLevel size, bool attends) => new(
            Residual($"{stage}.resnets.{index}", inChannels, size.Width), attends ? Transformer($"{stage}.attentions.{index}", size) : null);

        private Residual Residual(string name, int inChannels, int outChannels) => new(
            Norm($"{name}.norm1", inChannels), Convolution($"{name}.conv1", inChannels, outChannels),
            Linear($"{name}.time_emb_proj", GemmRole.TimestepEmbedding, outChannels, form.TimeWidth),
            Norm($"{name}.norm2", outChannels), Convolution($"{name}.conv2", outChannels, outChannels),
            inChannels == outChannels ? null : Convolution($"{name}.conv_shortcut", inChannels, outChannels, kernel: 1));

        private Transformer Transformer(string name, UNetLevel size) => new(
            Norm($"{name}.norm", size.Width), Pointwise($"{name}.proj_in", GemmRole.TransformerIn, size.Width),
            [.. Enumerable.Range(0, size.TransformerBlocks).Select(i => Block($"{name}.transformer_blocks.{i}", size))],
            Pointwise($"{name}.proj_out", GemmRole.TransformerOut, size.Width));

        /// <summary>Over [.., channels] a 1 x 1 convolution is a linear layer; only the stored shape tells them apart.</summary>
        private LinearLayer Pointwise(string name, GemmRole role, int width)
        {
            ReadOnlySpan<int> shape = form.LinearProjections ? [width, width] : [width, width, 1, 1];
            return Added(new LinearLayer(Next(role), weights.Rows($"{name}.weight", shape), weights.Read($"{name}.bias", width)));
        }

        private Block Block(string name, UNetLevel size) => new(
            Norm($"{name}.norm1", size.Width), Attention($"{name}.attn1", size, size.Width, GemmRole.Query, GemmRole.Key, GemmRole.Value, GemmRole.Output),
            Norm($"{name}.norm2", size.Width),
            Attention($"{name}.attn2", size, form.TextWidth, GemmRole.CrossQuery, GemmRole.CrossKey, GemmRole.CrossValue, GemmRole.CrossOutput),
            Norm($"{name}.norm3", size.Width), Linear($"{name}.ff.net.0.proj", GemmRole.FeedForward1, 2 * Widening * size.Width, size.Width),
            Linear($"{name}.ff.net.2", GemmRole.FeedForward2, size.Width, Widening * size.Width));

        private Attention Attention(string name, UNetLevel size, int keyWidth, GemmRole query, GemmRole key, GemmRole value, GemmRole output) => new(
            Linear($"{name}.to_q", query, size.Width, size.Width, bias: false), Linear($"{name}.to_k", key, size.Width, keyWidth, bias: false),
            Linear($"{name}.to_v", value, size.Width, keyWidth, bias: false), Linear($"{name}.to_out.0", output, size.Width, size.Width), size.Heads);
    }

    /// <summary>One prediction. Activations are [samples, height, width, channels] and live in the workspace.</summary>
    private sealed class Pass(IGemmUnit gemm, StepContext step, Tensor text, bool[]? textMask, int groups, float epsilon, Tensor embedding)
    {
        private Workspace Work => step.Workspace;

        public Tensor Run(Unit unit, Tensor x)
        {
            var y = Residual(unit.Residual, x);
            if (unit.Transformer is not null)
                Transform(unit.Transformer, y);
            return y;
        }

        public Tensor Convolve(Tensor x, ConvolutionLayer layer)
        {
            var y = Work.Rent(x.Shape[0], layer.Output(x.Shape[1]), layer.Output(x.Shape[2]), layer.Linear.N);
            gemm.Convolve(step, x, layer, y);
            return y;
        }

        public Tensor Join(Tensor x, Tensor left)
        {
            var y = Work.Rent(x.Shape[0], x.Shape[1], x.Shape[2], x.Columns + left.Columns);
            TensorOperations.Join(x, left, y);
            return y;
        }

        public Tensor Grown(Tensor x, Tensor like)
        {
            var y = Work.Rent(x.Shape[0], like.Shape[1], like.Shape[2], x.Columns);
            TensorOperations.Double(x, y);
            return y;
        }

        public Tensor Activated(Tensor x, Norm norm)
        {
            var y = Work.Rent([.. x.Shape]);
            TensorOperations.NormaliseGroups(x, groups, norm.Gamma, norm.Beta, epsilon, y);
            TensorOperations.Silu(y);
            return y;
        }

        private Tensor Residual(Residual block, Tensor x)
        {
            var y = Work.Rent(x.Shape[0], x.Shape[1], x.Shape[2], block.Conv2.Linear.N);
            using var scope = Work.Begin();
            var hidden = Convolve(Activated(x, block.Norm1), block.Conv1);
            var time = Work.Rent(x.Shape[0], block.Time.N);
            gemm.Linear(step, embedding, new Projection(block.Time, time));
            TensorOperations.AddToRows(hidden, time);
            gemm.Convolve(step, Activated(hidden, block.Norm2), block.Conv2, y);
            TensorOperations.Add(y, block.Shortcut is null ? x : Convolve(x, block.Shortcut));
            return y;
        }

        private void Transform(Transformer transformer, Tensor x)
        {
            using var scope = Work.Begin();
            var (samples, tokens, width) = (x.Shape[0], x.Shape[1] * x.Shape[2], x.Columns);
            var (normed, hidden) = (Work.Rent(samples, tokens, width), Work.Rent(samples, tokens, width));
            TensorOperations.NormaliseGroups(x, groups, transformer.Norm.Gamma, transformer.Norm.Beta, TransformerEpsilon, normed);
            gemm.Linear(step, normed, new Projection(transformer.In, hidden));
            foreach (var block in transformer.Blocks)
            {
                Normalise(hidden, block.Norm1, normed);
                Attend(block.Picture, normed, normed, null, hidden);
                Normalise(hidden, block.Norm2, normed);
                Attend(block.Text, normed, text, textMask, hidden);
                Normalise(hidden, block.Norm3, normed);
                FeedForward(block, normed, hidden);
            }

            gemm.Linear(step, hidden, new Projection(transformer.Out, normed));
            TensorOperations.Add(x, normed);
        }

        /// <summary>Adds attention from the queries' tokens to the keys' ones. Takes the queries' memory.</summary>
        private void Attend(Attention attention, Tensor queries, Tensor keys, bool[]? mask, Tensor hidden)
        {
            using var scope = Work.Begin();
            var (samples, tokens, width) = (queries.Shape[0], queries.Shape[1], queries.Columns);
            var (q, k, v) = (Work.Rent(samples, tokens, width), Work.Rent(samples, keys.Shape[1], width), Work.Rent(samples, keys.Shape[1], width));
            if (queries == keys)
            {
                gemm.Linear(step, queries, new Projection(attention.Query, q), new Projection(attention.Key, k), new Projection(attention.Value, v));
            }
            else
            {
                gemm.Linear(step, queries, new Projection(attention.Query, q));
                gemm.Linear(step, keys, new Projection(attention.Key, k), new Projection(attention.Value, v));
            }

            gemm.Attend(step, new AttentionCall(q, k, v, tokens, attention.Heads, queries) { KeyTokens = keys.Shape[1], KeyMask = mask });
            gemm.Linear(step, queries, new Projection(attention.Output, q));
            TensorOperations.Add(hidden, q);
        }

        private void FeedForward(Block block, Tensor normed, Tensor hidden)
        {
            using var scope = Work.Begin();
            var (samples, tokens) = (normed.Shape[0], normed.Shape[1]);
            var (wide, gated) = (Work.Rent(samples, tokens, block.FeedForward1.N), Work.Rent(samples, tokens, block.FeedForward2.K));
            gemm.Linear(step, normed, new Projection(block.FeedForward1, wide));
            TensorOperations.GateGelu(wide, gated);
            gemm.Linear(step, gated, new Projection(block.FeedForward2, normed));
            TensorOperations.Add(hidden, normed);
        }

        private static void Normalise(Tensor x, Norm norm, Tensor y) => TensorOperations.NormaliseRows(x, norm.Gamma, norm.Beta, LayerEpsilon, y);
    }
}
