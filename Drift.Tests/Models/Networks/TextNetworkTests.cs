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
    [TestCase("t5", "gated-gelu", "gated-silu", "feed_forward_proj")]
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
