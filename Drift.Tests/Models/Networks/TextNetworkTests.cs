using Drift.Kernels;
using Drift.Models;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>What the fixtures do not show of the networks that read text.</summary>
public class TextNetworkTests
{
    private string _folder = "";

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("drift-network").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public void What_stands_under_the_mask_does_not_matter()
    {
        var encoder = T5Encoder.Load(DataFolder.Path("fixtures", "networks", "t5"));
        var mask = Enumerable.Range(0, 8).Select(i => i < 5).ToArray();
        var states = Encoded([5, 6, 7, 8, 1, 0, 0, 0]);
        Assert.That(Encoded([5, 6, 7, 8, 1, 9, 10, 11])[..(5 * encoder.Width)], Is.EqualTo(states[..(5 * encoder.Width)]));

        var pixart = PixArtTransformer2D.Load(DataFolder.Path("fixtures", "networks", "pixart-plain"));
        var text = Noise(1, 6, pixart.TextWidth);
        bool[] kept = [true, true, true, true, false, false];
        var expected = Predicted(pixart, new Conditioning(text, kept));
        text.Reshape(6, pixart.TextWidth).Slice(4, 2).Span.Fill(3);
        Assert.That(Predicted(pixart, new Conditioning(text, kept)), Is.EqualTo(expected));
        Assert.That(Predicted(pixart, new Conditioning(text, null)), Is.Not.EqualTo(expected));

        float[] Encoded(int[] ids) => encoder.Encode(new TokenBatch(8, ids, mask), new FloatUnit(), new Workspace()).Span.ToArray();
    }

    /// <summary>One block whose attention gives nothing, so that the formula can be written down: norm(x + out f(in norm(x))), the gated ones times (gate norm(x)).</summary>
    [TestCase("relu")]
    [TestCase("gelu")]
    [TestCase("gelu_new")]
    [TestCase("silu")]
    [TestCase("gated-relu")]
    [TestCase("gated-gelu")]
    [TestCase("gated-gelu_new")]
    [TestCase("gated-silu")]
    public void A_text_encoder_feeds_forward_by_the_rule_of_its_config(string rule)
    {
        float[] token = [1.5f, -0.5f], into = [0.75f, 0.5f], gate = [1.25f, -1], outOf = [0.5f, -2];
        var gated = rule.StartsWith("gated-", StringComparison.Ordinal);
        const string Block = "encoder.block.0.layer.", Forward = $"{Block}1.DenseReluDense.";
        var tensors = new Dictionary<string, Tensor>
        {
            ["shared.weight"] = new(token, 1, 2), ["encoder.final_layer_norm.weight"] = new([1, 1], 2), [$"{Block}0.layer_norm.weight"] = new([1, 1], 2), [$"{Block}1.layer_norm.weight"] = new([1, 1], 2),
            [$"{Block}0.SelfAttention.q.weight"] = new([1, 1], 1, 2), [$"{Block}0.SelfAttention.k.weight"] = new([1, 1], 1, 2), [$"{Block}0.SelfAttention.v.weight"] = new([1, 1], 1, 2),
            [$"{Block}0.SelfAttention.o.weight"] = new([0, 0], 2, 1), [$"{Block}0.SelfAttention.relative_attention_bias.weight"] = new(new float[4], 4, 1),
            [$"{Forward}{(gated ? "wi_0" : "wi")}.weight"] = new(into, 1, 2), [$"{Forward}wo.weight"] = new(outOf, 2, 1),
        };
        if (gated)
            tensors[$"{Forward}wi_1.weight"] = new(gate, 1, 2);
        TensorFile.WriteAll(Path.Combine(_folder, "model.safetensors"), tensors);
        File.WriteAllText(Path.Combine(_folder, "config.json"), $$"""
            {"architectures": ["T5EncoderModel"], "vocab_size": 1, "d_model": 2, "d_kv": 1, "d_ff": 1, "num_heads": 1, "num_layers": 1, "relative_attention_num_buckets": 4, "feed_forward_proj": "{{rule}}"}
            """);

        double[] x = [token[0], token[1]], normed = Normed(x);
        var h = into[0] * normed[0] + into[1] * normed[1];
        var value = rule.Replace("gated-gelu_new", "gelu_new").Replace("gated-gelu", "gelu_new").Replace("gated-", "") switch
        {
            "relu" => Math.Max(h, 0),
            "gelu" => h * 0.5 * MathNet.Numerics.SpecialFunctions.Erfc(-h / Math.Sqrt(2)),
            "gelu_new" => 0.5 * h * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (h + 0.044715 * h * h * h))),
            _ => h / (1 + Math.Exp(-h)),
        };
        value *= gated ? gate[0] * normed[0] + gate[1] * normed[1] : 1;
        var states = T5Encoder.Load(_folder).Encode(new TokenBatch(1, [0], [true]), new FloatUnit(), new Workspace());
        Assert.That(states.Span.ToArray(), Is.EqualTo(Normed([x[0] + outOf[0] * value, x[1] + outOf[1] * value])).Within(2e-6));

        static double[] Normed(double[] values) => [.. values.Select(one => one / Math.Sqrt(values.Average(other => other * other) + 1e-6))];
    }

    [Test]
    public void A_sample_comes_out_the_same_alone_and_in_a_batch_whatever_its_size()
    {
        var network = PixArtTransformer2D.Load(DataFolder.Path("fixtures", "networks", "pixart"));
        var (text, latents) = (Noise(2, 5, network.TextWidth), Noise(2, 4, 12, 6));
        PictureSize[] sizes = [new(96, 48, 2), new(480, 240, 2)];
        var together = Predicted(network, new Conditioning(text, null) { Sizes = sizes }, latents);
        var alone = Predicted(network, new Conditioning(text.Slice(1, 1), null) { Sizes = [sizes[1]] }, latents.Slice(1, 1));
        var other = Predicted(network, new Conditioning(text.Slice(1, 1), null) { Sizes = [sizes[0]] }, latents.Slice(1, 1));
        Assert.Multiple(() =>
        {
            Assert.That(together[(together.Length / 2)..], Is.EqualTo(alone));
            Assert.That(other, Is.Not.EqualTo(alone), "the size is told");
        });
    }

    [Test]
    public void What_does_not_fit_is_refused()
    {
        var network = PixArtTransformer2D.Load(DataFolder.Path("fixtures", "networks", "pixart"));
        var text = Noise(1, 5, network.TextWidth);
        PictureSize[] size = [new(64, 64, 1)];
        var encoder = T5Encoder.Load(DataFolder.Path("fixtures", "networks", "t5"));
        Assert.Multiple(() =>
        {
            Assert.That(() => Predicted(network, new Conditioning([1])), Throws.ArgumentException, "a class");
            Assert.That(() => Predicted(network, new Conditioning(text, null)), Throws.ArgumentException, "no size");
            Assert.That(() => Predicted(network, new Conditioning(Noise(1, 5, 7), null) { Sizes = size }), Throws.ArgumentException, "text of another width");
            Assert.That(() => Predicted(network, new Conditioning(text, null) { Sizes = size }, Noise(1, 4, 7, 8)), Throws.ArgumentException, "patches that do not divide");
            Assert.That(() => encoder.Encode(new TokenBatch(1, [encoder.Vocabulary], [true]), new FloatUnit(), new Workspace()), Throws.ArgumentException, "a token too many");
        });
    }

    [TestCase("pixart", "\"norm_type\": \"ada_norm_single\"", "\"norm_type\": \"ada_norm_zero\"", "norm_type")]
    [TestCase("pixart", "\"cross_attention_dim\": 48", "\"cross_attention_dim\": 32", "cross_attention_dim")]
    [TestCase("pixart-plain", "\"use_additional_conditions\": false", "\"use_additional_conditions\": true", "attention_head_dim is 16")]
    [TestCase("pixart", "\"caption_channels\": 24", "\"caption_channels\": 20", "caption_projection.linear_1.weight")]
    [TestCase("pixart", "\"sample_size\": 8", "\"sample_size\": 7", "sample_size")]
    [TestCase("pixart", "\"dropout\": 0.0", "\"dropout\": 1.5", "dropout is 1.5")]
    [TestCase("t5", "gated-gelu", "gated-tanh", "feed_forward_proj")]
    [TestCase("t5", "\"d_kv\": 16", "\"d_kv\": 17", "SelfAttention.q.weight")]
    [TestCase("t5", "T5EncoderModel", "T5ForConditionalGeneration", "T5ForConditionalGeneration")]
    public void A_config_that_disagrees_is_refused(string network, string text, string replacement, string reason)
    {
        var source = DataFolder.Path("fixtures", "networks", network);
        foreach (var weights in Directory.EnumerateFiles(source, "*model*.safetensors"))
            File.Copy(weights, Path.Combine(_folder, Path.GetFileName(weights)));
        var config = File.ReadAllText(Path.Combine(source, "config.json"));
        Assert.That(config, Does.Contain(text));
        File.WriteAllText(Path.Combine(_folder, "config.json"), config.Replace(text, replacement));
        Assert.That(() => network == "t5" ? (object)T5Encoder.Load(_folder) : PixArtTransformer2D.Load(_folder),
            Throws.InstanceOf<ModelFormatException>().With.Message.Contains(reason));
    }

    private static float[] Predicted(PixArtTransformer2D network, Conditioning conditioning, Tensor? latents = null) =>
        network.Predict(latents ?? Noise(1, 4, 8, 8), new StepContext(0, 300, new Workspace()), conditioning, new FloatUnit()).Span.ToArray();

    private static Tensor Noise(params int[] shape)
    {
        var tensor = new Tensor(shape);
        GaussianNoise.Fill(11, tensor.Span);
        return tensor;
    }
}
