using Drift.Kernels;
using Drift.Models;
using NUnit.Framework;

namespace Drift.Tests.Models.Quality;

public sealed class PerceptualTests
{
    private static string Folder => DataFolder.Path("fixtures", "quality");

    private static string Alex => Path.Combine(Folder, "lpips_alex.safetensors");

    private static string Linear => Path.Combine(Folder, "lpips_linear.safetensors");

    [Test]
    public void Features_are_compared_by_direction_alone()
    {
        // (3, 4) and (10, 0) point along (0.6, 0.8) and (1, 0): 0.16 + 0.64. The second pixel's are parallel.
        Tensor a = new([3, 4, 2, 2], 1, 1, 2, 2), b = new([10, 0, 5, 5], 1, 1, 2, 2);
        Assert.That(FeatureDistance.ByLayer([a], [b]).Single(), Is.EqualTo(0.8 / 2).Within(1e-9));
        Assert.That(FeatureDistance.ByLayer([a], [b], [[1, 0]]).Single(), Is.EqualTo(0.16 / 2).Within(1e-9));
        Assert.Throws<ArgumentException>(() => FeatureDistance.ByLayer([a], [a.Reshape(1, 2, 1, 2)]));
        Assert.That(() => FeatureDistance.ByLayer([a], [b], [[1, 0, 1]]), Throws.ArgumentException.With.Message.Contains("3 weights do not fit the 2 channels of layer 0"));
    }

    [Test]
    public void A_grey_picture_is_three_equal_channels_to_LPIPS()
    {
        var lpips = Lpips.Load(Alex, Linear);
        var (a, b) = (Noise(64, 1, 1), Noise(64, 1, 2));
        Assert.That(lpips.ByLayer(a, b), Is.EqualTo(lpips.ByLayer(Coloured(a), Coloured(b))));
        Assert.That(lpips.ByLayer(a, a).Sum(), Is.Zero);
        Assert.That(lpips.ByLayer(a, b).Sum(), Is.Positive);

        static Picture Coloured(Picture grey) => new(grey.Height, grey.Width, 3, [.. grey.Pixels.SelectMany(value => new[] { value, value, value })]);
    }

    [Test]
    public void The_smallest_picture_of_LPIPS_is_as_said()
    {
        var lpips = Lpips.Load(Alex, Linear);
        Assert.That(lpips.ByLayer(Noise(lpips.SmallestEdge, 3, 1), Noise(lpips.SmallestEdge, 3, 2)).Sum(), Is.Positive);
        Assert.Throws<ArgumentException>(() => lpips.ByLayer(Noise(lpips.SmallestEdge - 1, 3, 1), Noise(lpips.SmallestEdge - 1, 3, 2)));
    }

    [Test]
    public void Weights_that_do_not_fit_are_named()
    {
        Assert.That(() => Lpips.Load(Alex), Throws.InstanceOf<ModelFormatException>().With.Message.Contains(Alex).And.Message.Contains("lin0.model.1.weight"));
        Assert.That(() => Lpips.Load(Linear), Throws.InstanceOf<ModelFormatException>().With.Message.Contains("features.0.weight"));
        Assert.That(() => Lpips.Load(Alex, Alex), Throws.InstanceOf<ModelFormatException>().With.Message.Contains("also in"));
        Assert.That(() => Lpips.Load("/nowhere"), Throws.InstanceOf<ModelFormatException>().With.Message.StartsWith("/nowhere"));
    }

    [Test]
    public void MS_SSIM_of_flat_pictures_is_the_luminance_of_the_last_scale()
    {
        // Without structure or contrast only the luminance differs, and it counts at the fifth scale with that scale's exponent.
        const double c1 = 0.01 * 255 * 0.01 * 255;
        var expected = Math.Pow((2 * 90 * 130 + c1) / (90 * 90 + 130 * 130 + c1), 0.1333);
        Assert.That(MsSsim.Between(Flat(90, 176), Flat(130, 176)), Is.EqualTo(expected).Within(1e-12));
        Assert.That(MsSsim.Between(Noise(177, 3, 1), Noise(177, 3, 1)), Is.EqualTo(1).Within(1e-12));
        Assert.That(MsSsim.Between(Noise(177, 3, 1), Noise(177, 3, 2)), Is.LessThan(0.2));
        Assert.Throws<ArgumentException>(() => MsSsim.Between(Flat(90, 175), Flat(130, 175)));
    }

    [Test]
    public void Sets_of_shifted_points_are_the_shift_apart()
    {
        // The same covariance on both sides: only the means differ, by 3 and 4.
        double[] points = [0, 0, 1, 0, 0, 1, 1, 2];
        FeatureSet x = new(4, 2, points), y = new(4, 2, [.. points.Select((value, i) => value + (i % 2 == 0 ? 3 : 4))]);
        Assert.That(FrechetDistance.Between(x, y), Is.EqualTo(25).Within(1e-12));
        Assert.That(KernelDistance.Between(x, y), Is.GreaterThan(KernelDistance.Between(x, x)));
        Assert.Throws<ArgumentException>(() => FrechetDistance.Between(x, new FeatureSet(2, 3, new double[6])));
        Assert.Throws<ArgumentOutOfRangeException>(() => _ = new FeatureSet(1, 3, new double[3]));
        Assert.That(() => new FeatureSet(2, 2, [0, 0, 1, double.NaN]), Throws.ArgumentException.With.Message.Contains("value 1 of picture 1 is NaN"));
    }

    [Test]
    public void A_classifier_shows_a_map_for_each_stage()
    {
        var network = ResNetClassifier.Load(DataFolder.Path("models", "fashion-features"));
        var maps = network.Maps(new Tensor(2, 1, 32, 32), new FloatUnit(), new Workspace());
        Assert.That(maps.Select(map => string.Join(" ", map.Shape)), Is.EqualTo(new[] { "2 8 8 32", "2 4 4 64", "2 2 2 96" }));
    }

    private static Picture Flat(byte level, int edge) => new(edge, edge, 1, [.. Enumerable.Repeat(level, edge * edge)]);

    private static Picture Noise(int edge, int channels, int seed)
    {
        var pixels = new byte[edge * edge * channels];
        new Random(seed).NextBytes(pixels);
        return new Picture(edge, edge, channels, pixels);
    }
}
