using Drift.Kernels;

namespace Drift.Models;

/// <summary>
/// diffusers' AutoencoderKL: pictures to the mean and log variance of their latents, and latents to pictures. Immutable; one instance serves all threads. No
/// scaling factor is applied on either way.
/// </summary>
public sealed class AutoencoderKL
{
    private const float Epsilon = 1e-6f;

    private readonly int _groups;
    private readonly int _inChannels;
    private readonly Side _encoder;
    private readonly Side _decoder;
    private readonly ConvolutionLayer? _quant;
    private readonly ConvolutionLayer? _postQuant;

    private AutoencoderKL(ModelConfig config, ModelWeights weights)
    {
        config.SupportedChoice("act_fn", ["silu", "swish"], ["mish", "gelu", "relu"]);
        var widths = config.Integers("block_out_channels", [64]);
        RequireBlocks(config, "down_block_types", "DownEncoderBlock2D", widths.Length);
        RequireBlocks(config, "up_block_types", "UpDecoderBlock2D", widths.Length);
        _groups = config.Integer("norm_num_groups", 32);
        if (widths.Any(width => width % _groups != 0))
            throw config.Refuse("norm_num_groups", $"{_groups}", $"a divisor of every entry of block_out_channels, {string.Join(", ", widths)}");

        _inChannels = config.Integer("in_channels", 3);
        LatentChannels = config.Integer("latent_channels", 4);
        // Latents are divided by it, in fp32.
        ScalingFactor = config.Number("scaling_factor", 0.18215, 1e-6, 1e6);
        ShiftFactor = config.Has("shift_factor") ? config.Number("shift_factor", 0, -1e6, 1e6) : 0;
        Shrink = 1 << (widths.Length - 1);
        var layers = config.Integer("layers_per_block", 1);
        var attends = config.Flag("mid_block_add_attention", true);
        var build = new Builder(weights);
        var moments = 2 * LatentChannels;
        _encoder = build.Encoder(widths, layers, attends, _inChannels, moments);
        _quant = config.Flag("use_quant_conv", true) ? build.Convolution("quant_conv", moments, moments, kernel: 1) : null;
        _postQuant = config.Flag("use_post_quant_conv", true) ? build.Convolution("post_quant_conv", LatentChannels, LatentChannels, kernel: 1) : null;
        _decoder = build.Decoder(widths, layers, attends, LatentChannels, config.Integer("out_channels", 3));
    }

    /// <summary>Channels of a latent.</summary>
    public int LatentChannels { get; }

    /// <summary>A picture's height and width over its latent's.</summary>
    public int Shrink { get; }

    /// <summary>What a pipeline divides its latents by before it decodes them.</summary>
    public double ScalingFactor { get; }

    /// <summary>What a pipeline then adds to them.</summary>
    public double ShiftFactor { get; }

    /// <summary>Reads a folder as diffusers saves it.</summary>
    /// <param name="folder">Holds config.json and the weights.</param>
    /// <exception cref="ModelFormatException">A file is missing or unsound, or config and weights disagree.</exception>
    public static AutoencoderKL Load(string folder)
    {
        var config = ModelConfig.Read(Path.Combine(folder, "config.json"));
        config.RequireClass(nameof(AutoencoderKL));
        return ModelWeights.Load(folder, weights => new AutoencoderKL(config, weights));
    }

    /// <summary>Pictures to the distribution of their latents.</summary>
    /// <param name="image">[batch, channels, height, width]; height and width are multiples of <see cref="Shrink"/>.</param>
    /// <param name="gemm">Computes every layer.</param>
    /// <param name="workspace">Scratch memory.</param>
    /// <param name="watch">Called with <c>conv_in</c>, <c>down.N</c> and <c>mid</c>, [batch, height, width, channels]; null for none.</param>
    /// <returns>Mean and log variance (clamped to -30..20), each [batch, latent channels, height / shrink, width / shrink], with memory of their own.</returns>
    /// <exception cref="ArgumentException">The picture has another shape.</exception>
    public (Tensor Mean, Tensor LogVariance) Encode(Tensor image, IGemmUnit gemm, Workspace workspace, Action<string, Tensor>? watch = null)
    {
        ArgumentNullException.ThrowIfNull(workspace);
        using var scope = workspace.Begin();
        var pass = new Pass(gemm, new StepContext(0, 0, workspace), _groups);
        var x = pass.Run(_encoder, pass.Enter(image, _inChannels), watch);
        var moments = Pass.Leave(_quant is null ? x : pass.Convolve(x, _quant));

        var (batch, height, width) = (moments.Shape[0], moments.Shape[2], moments.Shape[3]);
        var mean = new Tensor(batch, LatentChannels, height, width);
        var logVariance = new Tensor(batch, LatentChannels, height, width);
        var half = LatentChannels * height * width;
        for (var sample = 0; sample < batch; sample++)
        {
            moments.Span.Slice(2 * sample * half, half).CopyTo(mean.Span[(sample * half)..]);
            moments.Span.Slice((2 * sample + 1) * half, half).CopyTo(logVariance.Span[(sample * half)..]);
        }

        foreach (ref var value in logVariance.Span)
            value = Math.Clamp(value, -30, 20);
        return (mean, logVariance);
    }

    /// <summary>Latents to pictures.</summary>
    /// <param name="latent">[batch, latent channels, height, width], unscaled.</param>
    /// <param name="gemm">Computes every layer.</param>
    /// <param name="workspace">Scratch memory.</param>
    /// <param name="watch">Called with <c>conv_in</c>, <c>mid</c> and <c>up.N</c>, [batch, height, width, channels]; null for none.</param>
    /// <param name="step">Where in a run this happens: one more than the last sampling step.</param>
    /// <returns>[batch, channels, shrink height, shrink width], not clamped, with memory of its own.</returns>
    /// <exception cref="ArgumentException">The latent has another shape.</exception>
    public Tensor Decode(Tensor latent, IGemmUnit gemm, Workspace workspace, Action<string, Tensor>? watch = null, int step = 0)
    {
        ArgumentNullException.ThrowIfNull(workspace);
        using var scope = workspace.Begin();
        var pass = new Pass(gemm, new StepContext(step, 0, workspace), _groups);
        var x = pass.Enter(latent, LatentChannels);
        return Pass.Leave(pass.Run(_decoder, _postQuant is null ? x : pass.Convolve(x, _postQuant), watch));
    }

    private static void RequireBlocks(ModelConfig config, string name, string supported, int count)
    {
        var types = config.Texts(name, [supported]);
        if (types.Length != count || !types.All(type => type.EndsWith("Block2D", StringComparison.Ordinal)))
            throw config.Refuse(name, string.Join(", ", types), $"{count} of {supported}");
        if (types.FirstOrDefault(type => type != supported) is { } other)
            throw config.NotSupported(name, $"'{other}'", supported);
    }

    private sealed record Norm(float[] Gamma, float[] Beta);

    private sealed record Residual(Norm Norm1, ConvolutionLayer Conv1, Norm Norm2, ConvolutionLayer Conv2, ConvolutionLayer? Shortcut);

    private sealed record Attention(Norm Norm, LinearLayer Query, LinearLayer Key, LinearLayer Value, LinearLayer Output);

    /// <summary>Residual blocks, then a change of resolution where there is one.</summary>
    private sealed record Level(Residual[] Blocks, ConvolutionLayer? Resample);

    /// <summary>An encoder (levels before the middle) or a decoder (levels behind it).</summary>
    private sealed record Side(ConvolutionLayer In, Level[] Before, Residual Middle1, Attention? Attention, Residual Middle2, Level[] After, Norm Norm, ConvolutionLayer Out);

    /// <summary>Names the tensors of each part and gives each layer a key of its own.</summary>
    private sealed class Builder(ModelWeights weights)
    {
        /// <summary>Layers of the denoiser count from 0; these keep clear of them.</summary>
        private int _next = 1000;

        public Side Encoder(int[] widths, int layers, bool attends, int inChannels, int outChannels)
        {
            var first = Convolution("encoder.conv_in", inChannels, widths[0]);
            var levels = new Level[widths.Length];
            for (var i = 0; i < widths.Length; i++)
            {
                var name = $"encoder.down_blocks.{i}";
                var blocks = Residuals(name, layers, widths[Math.Max(0, i - 1)], widths[i]);
                // diffusers pads below and to the right only.
                levels[i] = new Level(blocks, i == widths.Length - 1 ? null
                    : Convolution($"{name}.downsamplers.0.conv", widths[i], widths[i], stride: 2, padding: 0, paddingAfter: 1));
            }

            var (middle1, attention, middle2) = Middle("encoder", widths[^1], attends);
            return new Side(first, levels, middle1, attention, middle2, [], Norm("encoder.conv_norm_out", widths[^1]),
                Convolution("encoder.conv_out", widths[^1], outChannels));
        }

        public Side Decoder(int[] widths, int layers, bool attends, int inChannels, int outChannels)
        {
            var first = Convolution("decoder.conv_in", inChannels, widths[^1]);
            var (middle1, attention, middle2) = Middle("decoder", widths[^1], attends);
            var levels = new Level[widths.Length];
            for (var (i, level) = (0, widths.Length - 1); level >= 0; i++, level--)
            {
                var name = $"decoder.up_blocks.{i}";
                var blocks = Residuals(name, layers + 1, widths[Math.Min(level + 1, widths.Length - 1)], widths[level]);
                levels[i] = new Level(blocks, level == 0 ? null : Convolution($"{name}.upsamplers.0.conv", widths[level], widths[level]));
            }

            return new Side(first, [], middle1, attention, middle2, levels, Norm("decoder.conv_norm_out", widths[0]),
                Convolution("decoder.conv_out", widths[0], outChannels));
        }

        public ConvolutionLayer Convolution(string name, int inChannels, int outChannels, int kernel = 3, int stride = 1, int? padding = null, int? paddingAfter = null) =>
            ConvolutionLayer.Read(weights, name, new LayerKey(0, GemmRole.Convolution, _next++), outChannels, inChannels, kernel, stride, padding ?? kernel / 2, paddingAfter);

        private (Residual First, Attention? Attention, Residual Second) Middle(string side, int width, bool attends)
        {
            var name = $"{side}.mid_block";
            return (Residual($"{name}.resnets.0", width, width), attends ? Attention($"{name}.attentions.0", width) : null,
                Residual($"{name}.resnets.1", width, width));
        }

        private Residual[] Residuals(string level, int count, int inChannels, int outChannels) =>
            [.. Enumerable.Range(0, count).Select(i => Residual($"{level}.resnets.{i}", i == 0 ? inChannels : outChannels, outChannels))];

        private Residual Residual(string name, int inChannels, int outChannels) => new(
            Norm($"{name}.norm1", inChannels), Convolution($"{name}.conv1", inChannels, outChannels),
            Norm($"{name}.norm2", outChannels), Convolution($"{name}.conv2", outChannels, outChannels),
            inChannels == outChannels ? null : Convolution($"{name}.conv_shortcut", inChannels, outChannels, kernel: 1));

        private Attention Attention(string name, int width)
        {
            // Checkpoints from before diffusers 0.13 have the second spelling.
            var old = weights.Has($"{name}.query.weight");
            return new Attention(Norm($"{name}.group_norm", width),
                Linear($"{name}.{(old ? "query" : "to_q")}", GemmRole.Query, width), Linear($"{name}.{(old ? "key" : "to_k")}", GemmRole.Key, width),
                Linear($"{name}.{(old ? "value" : "to_v")}", GemmRole.Value, width), Linear($"{name}.{(old ? "proj_attn" : "to_out.0")}", GemmRole.Output, width));
        }

        private LinearLayer Linear(string name, GemmRole role, int width) =>
            LinearLayer.Read(weights, name, new LayerKey(0, role, _next++), width, width);

        private Norm Norm(string name, int width) => new(weights.Read($"{name}.weight", width), weights.Read($"{name}.bias", width));
    }

    /// <summary>
    /// One way through a side. Activations are [batch, height, width, channels] and live in the workspace. A large picture's are most of the memory of a run, so what is read for the last
    /// time is written over: blocks change what they are given, and levels hand their results on in two stretches of memory by turns.
    /// </summary>
    private sealed class Pass(IGemmUnit gemm, StepContext step, int groups)
    {
        public Tensor Run(Side side, Tensor x, Action<string, Tensor>? watch)
        {
            x = Convolve(x, side.In);
            watch?.Invoke("conv_in", x);
            x = Run(side.Before, x, grows: false, (i, y) => watch?.Invoke($"down.{i}", y));
            Residual(side.Middle1, x);
            if (side.Attention is not null)
                Attend(side.Attention, x);
            Residual(side.Middle2, x);
            watch?.Invoke("mid", x);
            x = Run(side.After, x, grows: true, (i, y) => watch?.Invoke($"up.{i}", y));
            Activate(x, side.Norm);
            return Convolve(x, side.Out);
        }

        public Tensor Enter(Tensor picture, int channels)
        {
            if (picture.Shape.Count != 4 || picture.Shape[1] != channels)
                throw new ArgumentException($"[{string.Join(", ", picture.Shape)}] is not [batch, {channels}, height, width]", nameof(picture));
            var x = step.Workspace.Rent(picture.Shape[0], picture.Shape[2], picture.Shape[3], channels);
            ChannelOrder.ToLast(picture, x);
            return x;
        }

        public static Tensor Leave(Tensor x)
        {
            var picture = new Tensor(x.Shape[0], x.Shape[3], x.Shape[1], x.Shape[2]);
            ChannelOrder.ToFirst(x, picture);
            return picture;
        }

        public Tensor Convolve(Tensor x, ConvolutionLayer layer)
        {
            var y = step.Workspace.Rent(x.Shape[0], layer.Output(x.Shape[1]), layer.Output(x.Shape[2]), layer.Linear.N);
            gemm.Convolve(step, x, layer, y);
            return y;
        }

        private Tensor Run(Level[] levels, Tensor x, bool grows, Action<int, Tensor> watch)
        {
            var shapes = new int[levels.Length][];
            int[] room = [0, 0], shape = [.. x.Shape];
            for (var i = 0; i < levels.Length; i++)
            {
                shapes[i] = shape = Result(levels[i], shape, grows);
                room[i % 2] = Math.Max(room[i % 2], shape.Aggregate((a, b) => a * b));
            }

            Tensor[] turns = [step.Workspace.Rent(room[0]), step.Workspace.Rent(room[1])];
            for (var i = 0; i < levels.Length; i++)
            {
                x = Run(levels[i], x, grows, Part(turns[i % 2], shapes[i]));
                watch(i, x);
            }

            return x;
        }

        /// <summary>A level.</summary>
        /// <returns>The result, or <paramref name="x"/> where a side's last level changes neither channels nor resolution.</returns>
        private Tensor Run(Level level, Tensor x, bool grows, Tensor result)
        {
            using var scope = step.Workspace.Begin();
            foreach (var block in level.Blocks)
            {
                if (block.Shortcut is not null)
                {
                    var y = level.Resample is null ? result : step.Workspace.Rent(x.Shape[0], x.Shape[1], x.Shape[2], block.Conv2.Linear.N);
                    Residual(block, block.Shortcut, x, y);
                    x = y;
                }
                else
                {
                    Residual(block, x);
                }
            }

            if (level.Resample is not { } resample)
                return x;
            gemm.Convolve(step, grows ? Doubled(x) : x, resample, result);
            return result;
        }

        private static int[] Result(Level level, int[] shape, bool grows)
        {
            int Extent(int extent) => level.Resample is not { } change ? extent : grows ? 2 * extent : change.Output(extent);
            return [shape[0], Extent(shape[1]), Extent(shape[2]), level.Blocks[^1].Conv2.Linear.N];
        }

        /// <summary>The block of other channels; takes the memory of <paramref name="x"/>.</summary>
        private void Residual(Residual block, ConvolutionLayer shortcut, Tensor x, Tensor y)
        {
            using var scope = step.Workspace.Begin();
            gemm.Convolve(step, x, shortcut, y);
            Activate(x, block.Norm1);
            var hidden = Convolve(x, block.Conv1);
            Activate(hidden, block.Norm2);
            var sum = x.Length < y.Length ? step.Workspace.Rent([.. y.Shape]) : Part(x, [.. y.Shape]);
            gemm.Convolve(step, hidden, block.Conv2, sum);
            TensorOperations.Add(y, sum);
        }

        /// <summary>The block of the same channels, added to <paramref name="x"/>.</summary>
        private void Residual(Residual block, Tensor x)
        {
            using var scope = step.Workspace.Begin();
            var normed = step.Workspace.Rent([.. x.Shape]);
            Normalise(x, block.Norm1, normed);
            TensorOperations.Silu(normed);
            var hidden = Convolve(normed, block.Conv1);
            Activate(hidden, block.Norm2);
            gemm.Convolve(step, hidden, block.Conv2, normed);
            TensorOperations.Add(x, normed);
        }

        private void Attend(Attention attention, Tensor x)
        {
            var (batch, tokens, width) = (x.Shape[0], x.Shape[1] * x.Shape[2], x.Shape[3]);
            using var scope = step.Workspace.Begin();
            var normed = step.Workspace.Rent(batch, tokens, width);
            Normalise(x, attention.Norm, normed);
            var (q, k, v) = (step.Workspace.Rent(batch, tokens, width), step.Workspace.Rent(batch, tokens, width), step.Workspace.Rent(batch, tokens, width));
            gemm.Linear(step, normed, new Projection(attention.Query, q), new Projection(attention.Key, k), new Projection(attention.Value, v));
            gemm.Attend(step, new AttentionCall(q, k, v, tokens, 1, normed));
            gemm.Linear(step, normed, new Projection(attention.Output, q));
            TensorOperations.Add(x, q);
        }

        private void Activate(Tensor x, Norm norm)
        {
            Normalise(x, norm, x);
            TensorOperations.Silu(x);
        }

        private void Normalise(Tensor x, Norm norm, Tensor y) => TensorOperations.NormaliseGroups(x, groups, norm.Gamma, norm.Beta, Epsilon, y);

        private Tensor Doubled(Tensor x)
        {
            var y = step.Workspace.Rent(x.Shape[0], 2 * x.Shape[1], 2 * x.Shape[2], x.Shape[3]);
            TensorOperations.Double(x, y);
            return y;
        }

        private static Tensor Part(Tensor memory, int[] shape) => memory.Reshape(memory.Length).Slice(0, shape.Aggregate((a, b) => a * b)).Reshape(shape);
    }
}
