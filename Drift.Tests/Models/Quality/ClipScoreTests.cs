using Drift.Kernels;
using Drift.Models;
using NUnit.Framework;

namespace Drift.Tests;

public class ClipScoreTests
{
    [Test]
    public void A_score_is_the_cosine_of_the_reference_embeddings()
    {
        string[] prompts = ["dog face", "pizza", "red heart", "a picture of a rocket"];
        using var io = SafetensorsFile.Open(DataFolder.Path("fixtures", "pipelines", "clip-emoji", "io.safetensors"));
        var pixels = TensorFile.Read(io, "in.pixel_values");
        Picture[] pictures = [.. prompts.Select((_, i) => Picture.From(pixels.Slice(i, 1).Reshape([.. pixels.Shape.Skip(1)])))];
        var (seen, said) = (TensorFile.Read(io, "out.image_embeds"), TensorFile.Read(io, "out.text_embeds"));
        var score = ClipScore.Load(DataFolder.Path("models", "clip-emoji"));
        var own = score.Between(pictures, prompts);
        var other = score.Between(pictures, [prompts[1], prompts[0], prompts[0], prompts[0]]);
        for (var i = 0; i < prompts.Length; i++)
        {
            var expected = Enumerable.Range(0, seen.Columns).Sum(k => (double)seen.Slice(i, 1).Span[k] * said.Slice(i, 1).Span[k]);
            Assert.That(own[i], Is.EqualTo(expected).Within(1e-5), prompts[i]);
            Assert.That(own[i], Is.GreaterThan(other[i]), "a picture shows its own prompt best");
        }

        Assert.That(() => score.Between(pictures, ["one"]), Throws.ArgumentException);
    }

    /// <summary>Against the tower's values as transformers gives them.</summary>
    [Test]
    public void The_feature_distance_is_that_of_the_towers_values()
    {
        using var io = SafetensorsFile.Open(DataFolder.Path("fixtures", "pipelines", "clip-emoji", "io.safetensors"));
        var pixels = TensorFile.Read(io, "in.pixel_values");
        Picture[] pictures = [.. Enumerable.Range(0, 2).Select(i => Picture.From(pixels.Slice(i, 1).Reshape([.. pixels.Shape.Skip(1)])))];
        Tensor[] maps = [.. io.Names.Where(name => name.StartsWith("mid.vision.hidden.", StringComparison.Ordinal)).Select(name => TensorFile.Read(io, name))];
        var features = ClipFeatures.Load(DataFolder.Path("models", "clip-emoji"));
        var expected = FeatureDistance.ByLayer([.. maps.Select(map => map.Slice(0, 1))], [.. maps.Select(map => map.Slice(1, 1))]).Sum();
        Assert.That(maps, Has.Length.GreaterThan(2));
        Assert.That(features.Between(pictures[0], pictures[1]), Is.EqualTo(expected).Within(1e-4));
        Assert.That(features.Between(pictures[0], pictures[0]), Is.Zero);
        Assert.That(expected, Is.GreaterThan(0.1));
    }

    [Test]
    public void A_picture_of_another_size_is_seen_alike()
    {
        var score = ClipScore.Load(DataFolder.Path("models", "clip-emoji"));
        using var io = SafetensorsFile.Open(DataFolder.Path("fixtures", "pipelines", "clip-emoji", "io.safetensors"));
        var pixels = TensorFile.Read(io, "in.pixel_values");
        var picture = Picture.From(pixels.Slice(2, 1).Reshape([.. pixels.Shape.Skip(1)]));
        var large = BicubicResize.Apply(picture, 160, 160);
        Assert.That(score.Between([large], ["red heart"])[0], Is.EqualTo(score.Between([picture], ["red heart"])[0]).Within(0.02));
    }

    [Test]
    public void Resizing_keeps_constants_and_is_exact_on_a_ramp()
    {
        var flat = new Picture(5, 7, 3, [.. Enumerable.Repeat((byte)131, 105)]);
        Assert.That(BicubicResize.Apply(flat, 3, 11).Pixels, Has.All.EqualTo(131));
        // Inside, cubic convolution reproduces a straight line: halves of 10 a pixel, whose centres lie between those of the wide picture.
        var ramp = new Picture(1, 16, 1, [.. Enumerable.Range(0, 16).Select(i => (byte)(10 * i))]);
        var half = BicubicResize.Apply(ramp, 1, 8).Pixels;
        for (var i = 2; i < 6; i++)
            Assert.That(half[i], Is.EqualTo(20 * i + 5).Within(1));
    }
}
