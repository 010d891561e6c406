using Drift.Kernels;
using Drift.Models;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>Forms that no fixture has, held against one that does or against a plain computation.</summary>
public class NetworkVariantTests
{
    private const string VaeWeights = "diffusion_pytorch_model.safetensors";

    private string _folder = "";

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("drift-network").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public void The_old_names_of_attention_are_read()
    {
        var tensors = TensorFile.ReadAll(DataFolder.Path("fixtures", "networks", "vae", VaeWeights)).ToDictionary(
            tensor => tensor.Key.Replace("to_q", "query").Replace("to_k", "key").Replace("to_v", "value").Replace("to_out.0", "proj_attn"), tensor => tensor.Value);
        Assert.That(Decoded(tensors, config => config).SequenceEqual(Decoded(null, config => config)));
    }

    [Test]
    public void Without_middle_attention_and_quant_convolutions_is_as_with_idle_ones()
    {
        var idle = TensorFile.ReadAll(DataFolder.Path("fixtures", "networks", "vae", VaeWeights));
        foreach (var name in idle.Keys.Where(name => name.Contains("to_out.0") || name.Contains("quant_conv")))
            idle[name].Span.Clear();
        foreach (var name in new[] { "quant_conv.weight", "post_quant_conv.weight" })
        {
            for (var channel = 0; channel < idle[name].Shape[0]; channel++)
                idle[name].Span[channel * (idle[name].Shape[0] + 1)] = 1;
        }

        var without = idle.Where(tensor => !tensor.Key.Contains("attentions") && !tensor.Key.Contains("quant_conv")).ToDictionary();
        var expected = Decoded(idle, config => config);
        var actual = Decoded(without, config => config.Replace("\"mid_block_add_attention\": true", "\"mid_block_add_attention\": false")
            .Replace("quant_conv\": true", "quant_conv\": false"));
        Assert.That(actual, Is.EqualTo(expected));
    }

    /// <summary>A gate of weights W over values that are all 1 is the exact GELU of W, which the UNet's and CLIP's fixtures hold.</summary>
    [TestCase("dit")]
    [TestCase("pixart")]
    public void GEGLU_gates_its_first_half_with_its_second(string network)
    {
        var (config, plain) = Transformer(network);
        var gated = plain.ToDictionary(tensor => tensor.Key, tensor => tensor.Key.Contains("ff.net.0.proj") ? Doubled(tensor.Value, tensor.Key.EndsWith("bias", StringComparison.Ordinal) ? 1 : 0) : tensor.Value);
        var exact = Predicted(network, plain, config.Replace("gelu-approximate", "gelu"));
        Assert.That(Predicted(network, gated, config.Replace("gelu-approximate", "geglu")), Is.EqualTo(exact));

        // The approximations lie near, and are not the same: the README of the fixtures says 2e-4 to 6e-4 for the tanh one.
        Assert.That(RelativeError.Largest(Predicted(network, plain, config), exact), Is.InRange(1e-5, 2e-3));
        Assert.That(RelativeError.Largest(Predicted(network, plain, config.Replace("gelu-approximate", "geglu-approximate")), exact), Is.InRange(1e-4, 5e-2));

        // SwiGLU takes its gates the same way, and the SiLU x sigmoid(x) lies as near to x sigmoid(1.702 x) as that does to the GELU, on the other side.
        var linear = Predicted(network, plain, config.Replace("gelu-approximate", "linear-silu"));
        Assert.That(Predicted(network, gated, config.Replace("gelu-approximate", "swiglu")), Is.EqualTo(linear));
        Assert.That(RelativeError.Largest(linear, exact), Is.InRange(1e-3, 0.5));

        static Tensor Doubled(Tensor values, float first)
        {
            var doubled = new Tensor([2 * values.Shape[0], .. values.Shape.Skip(1)]);
            doubled.Span[..values.Length].Fill(first);
            values.Span.CopyTo(doubled.Span[values.Length..]);
            return doubled;
        }
    }

    [Test]
    public void Other_activations_of_a_transformer_are_named_with_what_there_is()
    {
        var (config, weights) = Transformer("dit");
        Assert.That(() => Predicted("dit", weights, config.Replace("gelu-approximate", "relu")),
            Throws.InstanceOf<ModelFormatException>().With.Message.Contains("activation_fn is 'relu'; expected one of gelu-approximate, gelu, geglu, geglu-approximate, swiglu, linear-silu"));
    }

    private static (string Config, Dictionary<string, Tensor> Weights) Transformer(string network) => (
        File.ReadAllText(DataFolder.Path("fixtures", "networks", network, "config.json")),
        TensorFile.ReadAll(DataFolder.Path("fixtures", "networks", network, VaeWeights)).ToDictionary());

    private float[] Predicted(string network, Dictionary<string, Tensor> weights, string config)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder, Guid.NewGuid().ToString())).FullName;
        TensorFile.WriteAll(Path.Combine(folder, VaeWeights), weights);
        File.WriteAllText(Path.Combine(folder, "config.json"), config);
        IDenoiser denoiser = network == "dit" ? DiTTransformer2D.Load(folder) : PixArtTransformer2D.Load(folder);
        var (channels, height, width) = denoiser.LatentShape;
        var latent = new Tensor(1, channels, height, width);
        GaussianNoise.Fill(3, latent.Span);
        var text = denoiser is PixArtTransformer2D { TextWidth: var across } ? new Tensor(1, 5, across) : null;
        if (text is not null)
            GaussianNoise.Fill(4, text.Span);
        var conditioning = text is null ? new Conditioning([1]) : new Conditioning(text, null) { Sizes = [new PictureSize(64, 64, 1)] };
        return denoiser.Predict(latent, new StepContext(0, 500, new Workspace()), conditioning, new FloatUnit()).Span.ToArray();
    }

    [TestCase("\"norm_num_groups\": 8", "\"norm_num_groups\": 5", "norm_num_groups")]
    [TestCase("\"scaling_factor\": 0.18215", "\"scaling_factor\": 0", "scaling_factor is 0")]
    [TestCase("\"scaling_factor\": 0.18215", "\"scaling_factor\": Infinity", "scaling_factor")]
    [TestCase("\"act_fn\": \"silu\"", "\"act_fn\": \"gelu\"", "act_fn")]
    [TestCase("\"layers_per_block\": 2", "\"layers_per_block\": 3", "missing")]
    [TestCase("\"latent_channels\": 4", "\"latent_channels\": 1048577", "latent_channels")]
    [TestCase("AutoencoderKL", "AutoencoderTiny", "AutoencoderTiny")]
    public void A_config_that_disagrees_is_refused(string text, string replacement, string reason) =>
        Assert.That(() => Decoded(null, config => config.Replace(text, replacement)), Throws.InstanceOf<ModelFormatException>().With.Message.Contains(reason));

    [Test]
    public void Pictures_of_another_shape_are_refused()
    {
        var vae = AutoencoderKL.Load(DataFolder.Path("fixtures", "networks", "vae"));
        var classifier = ResNetClassifier.Load(DataFolder.Path("fixtures", "networks", "fashion-features"));
        Assert.Multiple(() =>
        {
            Assert.That(() => vae.Decode(new Tensor(1, 3, 8, 8), new FloatUnit(), new Workspace()), Throws.InstanceOf<ArgumentException>());
            Assert.That(() => classifier.Classify(new Tensor(1, 3, 8, 8), new FloatUnit(), new Workspace()), Throws.InstanceOf<ArgumentException>());
        });
    }

    [TestCase(false, 8)]
    [TestCase(true, 8)]
    public void A_bottleneck_narrows_convolves_and_widens(bool early, int edge)
    {
        const int Stem = 4, Wide = 8, Narrow = 2, Classes = 3;
        var random = new Random(5);
        var tensors = new Dictionary<string, Tensor>();
        Add("resnet.embedder.embedder", Stem, 1, 7);
        Add("resnet.encoder.stages.0.layers.0.layer.0", Narrow, Stem, 1);
        Add("resnet.encoder.stages.0.layers.0.layer.1", Narrow, Narrow, 3);
        Add("resnet.encoder.stages.0.layers.0.layer.2", Wide, Narrow, 1);
        Add("resnet.encoder.stages.0.layers.0.shortcut", Wide, Stem, 1);
        tensors["classifier.1.weight"] = Noise(0, Classes, Wide);
        tensors["classifier.1.bias"] = Noise(0, Classes);
        TensorFile.WriteAll(Path.Combine(_folder, "model.safetensors"), tensors);
        File.WriteAllText(Path.Combine(_folder, "config.json"), $$"""
            {"architectures": ["ResNetForImageClassification"], "num_channels": 1, "embedding_size": 4, "hidden_sizes": [8], "depths": [1],
             "id2label": {"0": "a", "1": "b", "2": "c"}, "downsample_in_first_stage": true, "downsample_in_bottleneck": {{(early ? "true" : "false")}}}
            """);
        var pixels = Noise(0, 1, 1, edge, edge);
        var (_, pooled) = ResNetClassifier.Load(_folder).Classify(pixels, new FloatUnit(), new Workspace());

        var stem = Normed(pixels.Span.ToArray().Select(v => (double)v).ToArray(), edge, "resnet.embedder.embedder", 2, true);
        var x = Pool(stem, edge / 2, Stem);
        const string Layer = "resnet.encoder.stages.0.layers.0";
        var y = Normed(x, edge / 4, $"{Layer}.layer.0", early ? 2 : 1, true);
        y = Normed(y, early ? edge / 8 : edge / 4, $"{Layer}.layer.1", early ? 1 : 2, true);
        y = Normed(y, edge / 8, $"{Layer}.layer.2", 1, false);
        var shortcut = Normed(x, edge / 4, $"{Layer}.shortcut", 2, false);
        var pixelsLeft = edge / 8 * (edge / 8);
        for (var c = 0; c < Wide; c++)
        {
            var expected = Enumerable.Range(c * pixelsLeft, pixelsLeft).Average(i => Math.Max(0, y[i] + shortcut[i]));
            Assert.That(pooled.Span[c], Is.EqualTo(expected).Within(1e-5), $"feature {c}");
        }

        void Add(string name, int outChannels, int inChannels, int kernel)
        {
            tensors[$"{name}.convolution.weight"] = Noise(0, outChannels, inChannels, kernel, kernel);
            foreach (var part in new[] { "weight", "bias", "running_mean" })
                tensors[$"{name}.normalization.{part}"] = Noise(0, outChannels);
            tensors[$"{name}.normalization.running_var"] = Noise(1.5f, outChannels);
        }

        Tensor Noise(float offset, params int[] shape)
        {
            var tensor = new Tensor(shape);
            foreach (ref var value in tensor.Span)
                value = offset + 2 * random.NextSingle() - 1;
            return tensor;
        }

        // [channels, edge, edge] in double, straight from the definitions.
        double[] Normed(double[] input, int size, string name, int stride, bool relu)
        {
            var weight = tensors[$"{name}.convolution.weight"];
            var (outChannels, inChannels, kernel) = (weight.Shape[0], weight.Shape[1], weight.Shape[2]);
            var smaller = (size - 1) / stride + 1;
            var output = new double[outChannels * smaller * smaller];
            for (var at = 0; at < output.Length; at++)
            {
                var (o, row, column) = (at / (smaller * smaller), at / smaller % smaller, at % smaller);
                var sum = 0.0;
                for (var tap = 0; tap < inChannels * kernel * kernel; tap++)
                {
                    var (i, j) = (row * stride - kernel / 2 + tap / kernel % kernel, column * stride - kernel / 2 + tap % kernel);
                    if (i >= 0 && i < size && j >= 0 && j < size)
                        sum += weight.Span[o * inChannels * kernel * kernel + tap] * input[(tap / (kernel * kernel) * size + i) * size + j];
                }

                double Part(string part) => tensors[$"{name}.normalization.{part}"].Span[o];
                var normed = (sum - Part("running_mean")) / Math.Sqrt(Part("running_var") + 1e-5) * Part("weight") + Part("bias");
                output[at] = relu ? Math.Max(0, normed) : normed;
            }

            return output;
        }

        static double[] Pool(double[] input, int size, int channels) =>
            [.. from at in Enumerable.Range(0, channels * (size / 2) * (size / 2))
                let c = at / (size / 2 * (size / 2))
                let row = at / (size / 2) % (size / 2)
                let column = at % (size / 2)
                select (from p in Enumerable.Range(0, size * size)
                        where Math.Abs(p / size - 2 * row) < 2 && Math.Abs(p % size - 2 * column) < 2
                        select input[c * size * size + p]).Max()];
    }

    private float[] Decoded(Dictionary<string, Tensor>? tensors, Func<string, string> config)
    {
        var source = DataFolder.Path("fixtures", "networks", "vae");
        if (tensors is null)
            File.Copy(Path.Combine(source, VaeWeights), Path.Combine(_folder, VaeWeights), overwrite: true);
        else
            TensorFile.WriteAll(Path.Combine(_folder, VaeWeights), tensors);
        File.WriteAllText(Path.Combine(_folder, "config.json"), config(File.ReadAllText(Path.Combine(source, "config.json"))));
        using var io = SafetensorsFile.Open(Path.Combine(source, "io.safetensors"));
        var vae = AutoencoderKL.Load(_folder);
        var (mean, logVariance) = vae.Encode(TensorFile.Read(io, "in.image"), new FloatUnit(), new Workspace());
        return [.. mean.Span, .. logVariance.Span, .. vae.Decode(TensorFile.Read(io, "in.latent"), new FloatUnit(), new Workspace()).Span];
    }
}
