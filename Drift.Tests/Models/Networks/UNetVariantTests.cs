using System.Text.Json.Nodes;
using Drift.Kernels;
using Drift.Models;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>Forms that no fixture has, held against the one that does.</summary>
public class UNetVariantTests
{
    private const string Weights = "diffusion_pytorch_model.safetensors";

    private string _folder = "";

    private static string Shipped => DataFolder.Path("fixtures", "networks", "unet");

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("drift-unet-").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, true);

    /// <summary>The forms of Stable Diffusion 2: linear projections, and a list of heads.</summary>
    [Test]
    public void Linear_projections_and_listed_heads_are_the_same_network()
    {
        var tensors = TensorFile.ReadAll(Path.Combine(Shipped, Weights)).ToDictionary(tensor => tensor.Key,
            tensor => tensor.Key.Contains("proj_in.weight") || tensor.Key.Contains("proj_out.weight") ? tensor.Value.Reshape(tensor.Value.Shape[0], tensor.Value.Shape[1]) : tensor.Value);
        var latent = Noise(1, 2, 4, 8, 8);
        var expected = Predicted(UNet2DCondition.Load(Shipped), latent);
        var actual = Predicted(Load(tensors, config =>
        {
            config["use_linear_projection"] = true;
            config["attention_head_dim"] = new JsonArray(4, 4, 4);
            config["layers_per_block"] = new JsonArray(2, 2, 2);
        }), latent);
        Assert.That(actual.Span.SequenceEqual(expected.Span));
    }

    /// <summary>No part of the network prefers rows to columns, so what lies on its side comes out on its side; the odd extents are rounded up on the way down.</summary>
    [TestCase(6, 10)]
    [TestCase(7, 12)]
    [TestCase(5, 9)]
    public void A_latent_on_its_side_comes_out_on_its_side(int height, int width)
    {
        var turned = TensorFile.ReadAll(Path.Combine(Shipped, Weights)).ToDictionary(tensor => tensor.Key, tensor => tensor.Value.Shape.Count == 4 ? Turned(tensor.Value) : tensor.Value);
        var latent = Noise(2, 1, 4, height, width);
        var expected = Predicted(UNet2DCondition.Load(Shipped), latent);
        var actual = Turned(Predicted(Load(turned, _ => { }), Turned(latent)));
        Assert.That(actual.Shape, Is.EqualTo(latent.Shape));
        Assert.That(RelativeError.Largest(actual.Span, expected.Span), Is.LessThan(2e-5));
    }

    [Test]
    public void A_picture_comes_out_the_same_alone_and_in_a_batch()
    {
        var network = UNet2DCondition.Load(Shipped);
        var latent = Noise(3, 2, 4, 8, 8);
        var together = Predicted(network, latent);
        using var io = SafetensorsFile.Open(Path.Combine(Shipped, "io.safetensors"));
        var text = TensorFile.Read(io, "in.encoder_hidden_states").Slice(1, 1);
        var alone = network.Predict(latent.Slice(1, 1), new StepContext(0, 7, new Workspace()), new Conditioning(text, null), new FloatUnit());
        Assert.That(alone.Span.SequenceEqual(together.Slice(1, 1).Span));
    }

    /// <summary>A site is the key of weights, checkpoints and faults.</summary>
    [Test]
    public void Every_layer_has_a_site_of_its_own()
    {
        var layers = UNet2DCondition.Load(Shipped).Layers;
        Assert.That(layers.Select(layer => layer.Key), Is.Unique);
        // 32 convolutions and, without their projections, 11 transformers of 10 linear layers.
        Assert.That(layers.Count(layer => layer.Key.Role == GemmRole.Convolution), Is.EqualTo(TensorFile.ReadAll(Path.Combine(Shipped, Weights))
            .Count(tensor => tensor.Value.Shape.Count == 4 && !tensor.Key.Contains("proj_"))));
        Assert.That(layers.Sum(layer => (long)layer.N * layer.K), Is.EqualTo(TensorFile.ReadAll(Path.Combine(Shipped, Weights))
            .Where(tensor => tensor.Value.Shape.Count > 1).Sum(tensor => (long)tensor.Value.Length)));
    }

    [TestCase("class_embed_type", "\"timestep\"", true)]
    [TestCase("only_cross_attention", "true", true)]
    [TestCase("resnet_time_scale_shift", "\"scale_shift\"", true)]
    [TestCase("down_block_types", "[\"CrossAttnDownBlock2D\", \"AttnDownBlock2D\", \"DownBlock2D\"]", true)]
    [TestCase("conv_in_kernel", "1", true)]
    [TestCase("attention_head_dim", "5", false)]
    [TestCase("attention_head_dim", "[4, 4]", false)]
    [TestCase("norm_num_groups", "7", false)]
    [TestCase("up_block_types", "[\"UpBlock2D\"]", false)]
    [TestCase("act_fn", "\"sulu\"", false)]
    [TestCase("_class_name", "\"UNet2DModel\"", false)]
    public void A_setting_that_cannot_be_used_is_named(string name, string value, bool known)
    {
        var refused = Assert.Throws(Is.InstanceOf<ModelFormatException>(), () => Load(null, config => config[name] = JsonNode.Parse(value)));
        Assert.That(refused!.Message, Does.Contain($"config.json: {name} is "));
        Assert.That(refused is UnsupportedSettingException, Is.EqualTo(known));
    }

    [Test]
    public void Latents_and_texts_that_do_not_fit_are_refused()
    {
        var network = UNet2DCondition.Load(Shipped);
        void Predict(Tensor latent, Conditioning told) => network.Predict(latent, new StepContext(0, 1, new Workspace()), told, new FloatUnit());
        Assert.Multiple(() =>
        {
            Assert.That(() => Predict(new Tensor(1, 3, 8, 8), new Conditioning(new Tensor(1, 5, 24), null)), Throws.ArgumentException);
            Assert.That(() => Predict(new Tensor(1, 4, 8, 8), new Conditioning(new Tensor(2, 5, 24), null)), Throws.ArgumentException);
            Assert.That(() => Predict(new Tensor(1, 4, 8, 8), new Conditioning(new Tensor(1, 5, 23), null)), Throws.ArgumentException);
            Assert.That(() => Predict(new Tensor(1, 4, 8, 8), new Conditioning([1])), Throws.ArgumentException);
        });
    }

    private static Tensor Predicted(UNet2DCondition network, Tensor latent)
    {
        using var io = SafetensorsFile.Open(Path.Combine(Shipped, "io.safetensors"));
        var text = TensorFile.Read(io, "in.encoder_hidden_states").Slice(0, latent.Shape[0]);
        return network.Predict(latent, new StepContext(0, 7, new Workspace()), new Conditioning(text, null), new FloatUnit());
    }

    private UNet2DCondition Load(IReadOnlyDictionary<string, Tensor>? tensors, Action<JsonObject> change)
    {
        if (tensors is null)
            File.Copy(Path.Combine(Shipped, Weights), Path.Combine(_folder, Weights));
        else
            TensorFile.WriteAll(Path.Combine(_folder, Weights), tensors);
        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(Shipped, "config.json")))!.AsObject();
        change(config);
        File.WriteAllText(Path.Combine(_folder, "config.json"), config.ToJsonString());
        return UNet2DCondition.Load(_folder);
    }

    /// <summary>The last two axes changed for each other.</summary>
    private static Tensor Turned(Tensor tensor)
    {
        var (rows, columns) = (tensor.Shape[2], tensor.Shape[3]);
        var turned = new Tensor(tensor.Shape[0], tensor.Shape[1], columns, rows);
        for (var i = 0; i < tensor.Length; i++)
            turned.Span[i / (rows * columns) * rows * columns + i % columns * rows + i / columns % rows] = tensor.Span[i];
        return turned;
    }

    private static Tensor Noise(ulong seed, params int[] shape)
    {
        var noise = new Tensor(shape);
        GaussianNoise.Fill(seed, noise.Span);
        return noise;
    }
}
