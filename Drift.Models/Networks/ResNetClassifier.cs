using Drift.Kernels;

namespace Drift.Models;

/// <summary>
/// transformers' ResNetForImageClassification, with batch norm folded into the convolutions. Immutable; one instance serves all threads.
/// </summary>
public sealed class ResNetClassifier
{
    private const double BatchNormEpsilon = 1e-5;

    private readonly ConvolutionLayer _stem;
    private readonly Block[][] _stages;
    private readonly LinearLayer _classifier;

    private ResNetClassifier(ModelConfig config, ModelWeights weights)
    {
        config.SupportedChoice("hidden_act", ["relu"], ["gelu", "gelu_new", "leaky_relu", "mish", "quick_gelu", "relu2", "relu6", "selu", "sigmoid", "silu", "swish", "tanh"]);
        var bottleneck = config.Choice("layer_type", "bottleneck", "basic") == "bottleneck";
        var widths = config.Integers("hidden_sizes", [256, 512, 1024, 2048]);
        var depths = config.Integers("depths", [3, 4, 6, 3]);
        if (depths.Length != widths.Length)
            throw config.Refuse("depths", $"{depths.Length} entries", $"{widths.Length}, one for each of hidden_sizes");
        var earlyStride = config.Flag("downsample_in_bottleneck", false);
        Channels = config.Integer("num_channels", 3);
        Classes = config.Has("id2label") ? config.TextMap("id2label").Count : 2;

        var build = new Builder(weights);
        var width = config.Integer("embedding_size", 64);
        _stem = build.Convolution("resnet.embedder.embedder", Channels, width, kernel: 7, stride: 2);
        _stages = new Block[widths.Length][];
        for (var stage = 0; stage < widths.Length; stage++)
        {
            var blocks = new List<Block>();
            for (var layer = 0; layer < depths[stage]; layer++)
            {
                var stride = layer == 0 && (stage > 0 || config.Flag("downsample_in_first_stage", false)) ? 2 : 1;
                var name = $"resnet.encoder.stages.{stage}.layers.{layer}";
                blocks.Add(bottleneck ? build.Bottleneck(name, width, widths[stage], stride, earlyStride) : build.Basic(name, width, widths[stage], stride));
                width = widths[stage];
            }

            _stages[stage] = [.. blocks];
        }

        _classifier = new LinearLayer(new LayerKey(0, GemmRole.Classifier), weights.Read("classifier.1.weight", Classes, width),
            weights.Read("classifier.1.bias", Classes), Classes, width);
    }

    /// <summary>Channels of a picture.</summary>
    public int Channels { get; }

    /// <summary>Number of classes.</summary>
    public int Classes { get; }

    /// <summary>Values of a picture's pooled features.</summary>
    public int Features => _classifier.K;

    /// <summary>Reads a folder as transformers saves it.</summary>
    /// <param name="folder">Holds config.json and model.safetensors.</param>
    /// <exception cref="ModelFormatException">A file is missing or unsound, or config and weights disagree.</exception>
    public static ResNetClassifier Load(string folder)
    {
        var config = ModelConfig.Read(Path.Combine(folder, "config.json"));
        config.RequireClass("ResNetForImageClassification");
        return ModelWeights.Load(folder, weights => new ResNetClassifier(config, weights));
    }

    /// <summary>Scores every class.</summary>
    /// <param name="pixels">[batch, channels, height, width], in the range that the network was trained on.</param>
    /// <param name="gemm">Computes every layer.</param>
    /// <param name="workspace">Scratch memory.</param>
    /// <returns>Logits [batch, classes] and the pooled features [batch, features] that they come from, with memory of their own.</returns>
    /// <exception cref="ArgumentException">The pixels have another shape.</exception>
    public (Tensor Logits, Tensor Pooled) Classify(Tensor pixels, IGemmUnit gemm, Workspace workspace)
    {
        ArgumentNullException.ThrowIfNull(workspace);
        using var scope = workspace.Begin();
        var step = new StepContext(0, 0, workspace);
        var x = Embed(pixels, step, gemm);
        foreach (var block in _stages.SelectMany(stage => stage))
            x = Run(block, x, step, gemm);

        var pooled = new Tensor(x.Shape[0], Features);
        Resampling.AveragePool(x, pooled);
        var logits = new Tensor(x.Shape[0], Classes);
        gemm.Linear(step, pooled, new Projection(_classifier, logits));
        return (logits, pooled);
    }

    /// <summary>What each stage sees in a picture, the first stage first.</summary>
    /// <param name="pixels">[batch, channels, height, width], in the range that the network was trained on.</param>
    /// <param name="gemm">Computes every layer.</param>
    /// <param name="workspace">Scratch memory.</param>
    /// <returns>[batch, height, width, channels] of each stage, with memory of their own.</returns>
    /// <exception cref="ArgumentException">The pixels have another shape.</exception>
    public IReadOnlyList<Tensor> Maps(Tensor pixels, IGemmUnit gemm, Workspace workspace)
    {
        ArgumentNullException.ThrowIfNull(workspace);
        using var scope = workspace.Begin();
        var step = new StepContext(0, 0, workspace);
        var x = Embed(pixels, step, gemm);
        var maps = new List<Tensor>();
        foreach (var stage in _stages)
        {
            foreach (var block in stage)
                x = Run(block, x, step, gemm);
            maps.Add(x.Clone());
        }

        return maps;
    }

    /// <summary>The stem: a convolution and a pool, which leave a quarter of each edge.</summary>
    private Tensor Embed(Tensor pixels, StepContext step, IGemmUnit gemm)
    {
        ArgumentNullException.ThrowIfNull(pixels);
        ArgumentNullException.ThrowIfNull(gemm);
        if (pixels.Shape.Count != 4 || pixels.Shape[1] != Channels)
            throw new ArgumentException($"[{string.Join(", ", pixels.Shape)}] is not [batch, {Channels}, height, width]", nameof(pixels));
        var x = step.Workspace.Rent(pixels.Shape[0], pixels.Shape[2], pixels.Shape[3], Channels);
        ChannelOrder.ToLast(pixels, x);
        x = Convolve(x, _stem, step, gemm);
        Activation.Relu(x.Span);
        var pool = step.Workspace.Rent(x.Shape[0], (x.Shape[1] + 1) / 2, (x.Shape[2] + 1) / 2, x.Columns);
        Resampling.MaxPool(x, pool);
        return pool;
    }

    private static Tensor Run(Block block, Tensor x, StepContext step, IGemmUnit gemm)
    {
        var y = x;
        foreach (var layer in block.Layers)
        {
            if (y != x)
                Activation.Relu(y.Span);
            y = Convolve(y, layer, step, gemm);
        }

        Activation.Add(y.Span, (block.Shortcut is null ? x : Convolve(x, block.Shortcut, step, gemm)).Span);
        Activation.Relu(y.Span);
        return y;
    }

    private static Tensor Convolve(Tensor x, ConvolutionLayer layer, StepContext step, IGemmUnit gemm)
    {
        var y = step.Workspace.Rent(x.Shape[0], layer.Output(x.Shape[1]), layer.Output(x.Shape[2]), layer.Linear.N);
        gemm.Convolve(step, x, layer, y);
        return y;
    }

    /// <summary>Convolutions with ReLU between them, and what is added to their result: the input, or its shortcut.</summary>
    private sealed record Block(ConvolutionLayer[] Layers, ConvolutionLayer? Shortcut);

    private sealed class Builder(ModelWeights weights)
    {
        /// <summary>Layers of the denoiser count from 0 and those of the autoencoder from 1000; these keep clear of them.</summary>
        private int _next = 2000;

        public Block Basic(string name, int inChannels, int outChannels, int stride) => new(
            [Convolution($"{name}.layer.0", inChannels, outChannels, 3, stride), Convolution($"{name}.layer.1", outChannels, outChannels, 3, 1)],
            Shortcut(name, inChannels, outChannels, stride));

        public Block Bottleneck(string name, int inChannels, int outChannels, int stride, bool early)
        {
            var narrow = outChannels / 4;
            return new Block(
                [
                    Convolution($"{name}.layer.0", inChannels, narrow, 1, early ? stride : 1),
                    Convolution($"{name}.layer.1", narrow, narrow, 3, early ? 1 : stride),
                    Convolution($"{name}.layer.2", narrow, outChannels, 1, 1),
                ],
                Shortcut(name, inChannels, outChannels, stride));
        }

        /// <summary>A convolution without bias and the batch norm behind it, as one convolution with bias.</summary>
        public ConvolutionLayer Convolution(string name, int inChannels, int outChannels, int kernel, int stride)
        {
            var weight = weights.Read($"{name}.convolution.weight", outChannels, inChannels, kernel, kernel);
            var gamma = weights.Read($"{name}.normalization.weight", outChannels);
            var beta = weights.Read($"{name}.normalization.bias", outChannels);
            var mean = weights.Read($"{name}.normalization.running_mean", outChannels);
            var variance = weights.Read($"{name}.normalization.running_var", outChannels);
            var each = inChannels * kernel * kernel;
            for (var o = 0; o < outChannels; o++)
            {
                if (variance[o] < 0)
                    throw new ModelFormatException($"{weights.Source}: '{name}.normalization.running_var' holds {variance[o]}; expected at least 0");
                var factor = gamma[o] / Math.Sqrt(variance[o] + BatchNormEpsilon);
                foreach (ref var value in weight.AsSpan(o * each, each))
                    value = (float)(value * factor);
                beta[o] = (float)(beta[o] - mean[o] * factor);
            }

            return new ConvolutionLayer(new LayerKey(0, GemmRole.Convolution, _next++), weight, beta, outChannels, inChannels, kernel, stride, kernel / 2);
        }

        private ConvolutionLayer? Shortcut(string name, int inChannels, int outChannels, int stride) =>
            inChannels == outChannels && stride == 1 ? null : Convolution($"{name}.shortcut", inChannels, outChannels, 1, stride);
    }
}
