using Drift.Kernels;
using Drift.Models;
using NUnit.Framework;

namespace Drift.Tests;

public class NetworkFixtureTests
{
    private const double Tolerance = 1e-4;

    [Test]
    public void Autoencoder_gives_diffusers_latents_and_pictures()
    {
        var folder = DataFolder.Path("fixtures", "networks", "vae");
        using var io = SafetensorsFile.Open(Path.Combine(folder, "io.safetensors"));
        var vae = AutoencoderKL.Load(folder);
        var workspace = new Workspace();
        var (mean, logVariance) = vae.Encode(TensorFile.Read(io, "in.image"), new FloatUnit(), workspace);
        var image = vae.Decode(TensorFile.Read(io, "in.latent"), new FloatUnit(), workspace);
        Assert.Multiple(() =>
        {
            Near(mean, io, "out.mean");
            Near(logVariance, io, "out.logvar");
            Near(image, io, "out.image");
        });
    }

    [Test]
    public void Classifier_gives_transformers_logits_and_features()
    {
        var folder = DataFolder.Path("fixtures", "networks", "fashion-features");
        using var io = SafetensorsFile.Open(Path.Combine(folder, "io.safetensors"));
        var (logits, pooled) = ResNetClassifier.Load(folder).Classify(TensorFile.Read(io, "in.pixel_values"), new FloatUnit(), new Workspace());
        Assert.Multiple(() =>
        {
            Near(logits, io, "out.logits");
            Near(pooled, io, "out.pooled");
        });
    }

    [Test]
    public void A_picture_comes_out_the_same_alone_and_in_a_batch()
    {
        var vaeFolder = DataFolder.Path("fixtures", "networks", "vae");
        using var io = SafetensorsFile.Open(Path.Combine(vaeFolder, "io.safetensors"));
        var latent = TensorFile.Read(io, "in.latent");
        var vae = AutoencoderKL.Load(vaeFolder);
        var together = vae.Decode(latent, new FloatUnit(), new Workspace());
        var alone = vae.Decode(latent.Slice(1, 1), new FloatUnit(), new Workspace());
        Assert.That(alone.Span.SequenceEqual(together.Slice(1, 1).Span));

        var folder = DataFolder.Path("fixtures", "networks", "fashion-features");
        using var pictures = SafetensorsFile.Open(Path.Combine(folder, "io.safetensors"));
        var pixels = TensorFile.Read(pictures, "in.pixel_values");
        var classifier = ResNetClassifier.Load(folder);
        var all = classifier.Classify(pixels, new FloatUnit(), new Workspace()).Logits;
        var one = classifier.Classify(pixels.Slice(11, 1), new FloatUnit(), new Workspace()).Logits;
        Assert.That(one.Span.SequenceEqual(all.Slice(11, 1).Span));
    }

    [Test]
    public void Trained_latents_decode_to_the_pictures_of_the_pipeline()
    {
        using var io = SafetensorsFile.Open(DataFolder.Path("fixtures", "pipelines", "dit-fashion-ddim50", "io.safetensors"));
        var vae = AutoencoderKL.Load(DataFolder.Path("models", "dit-fashion", "vae"));
        var latents = TensorFile.Read(io, "out.latents");
        var last = latents.Slice(latents.Shape[0] - 1, 1).Reshape([.. latents.Shape.Skip(1)]).Clone();
        foreach (ref var value in last.Span)
            value /= (float)vae.ScalingFactor;
        var workspace = new Workspace();
        var image = vae.Decode(last, new FloatUnit(), workspace);
        foreach (ref var value in image.Span)
            value = Math.Clamp(value, -1, 1);
        Near(image, io, "out.image");
    }

    private static void Near(Tensor actual, SafetensorsFile io, string name)
    {
        var error = RelativeError.Largest(actual.Span, io.ReadFloat(name));
        TestContext.Out.WriteLine($"{name} {error:E2}");
        Assert.That(actual.Shape, Is.EqualTo(io.Shape(name)), name);
        Assert.That(error, Is.LessThanOrEqualTo(Tolerance), name);
    }
}
