using Drift.Bench;
using Drift.Kernels;
using Drift.Models;
using NUnit.Framework;

namespace Drift.Tests.Bench;

public sealed class StatisticsTests
{
    private static readonly CampaignPlan Square = CampaignBench.Plan("dit-fashion", 4, 1, (Axes.Step, "0,1,2"), (Axes.Block, "0..3"));

    [Test]
    public void Shares_of_variance_tell_axes_and_their_interaction_apart()
    {
        // Step s adds 3 s, block b adds b, and their product interacts.
        double Cell(int cell, double together) => 3 * (cell / 4) + cell % 4 + together * (cell / 4 - 1) * (cell % 4 - 1.5);
        var additive = VarianceShares.Of(Square, [.. Enumerable.Range(0, 12).Select(cell => Cell(cell, 0))], new double[12])!;
        // Means of squares: steps 9 x 2/3, blocks 5/4.
        Assert.That(additive.Axes, Is.EqualTo(new[] { 6 / 7.25, 1.25 / 7.25 }).Within(1e-12));
        Assert.That(additive.Pairs["step x block"], Is.Zero.Within(1e-12));
        var mixed = VarianceShares.Of(Square, [.. Enumerable.Range(0, 12).Select(cell => Cell(cell, 2))], [.. Enumerable.Repeat(0.1, 12)])!;
        Assert.That(mixed.Axes.Sum() + mixed.Pairs.Values.Sum(), Is.EqualTo(1).Within(1e-12));
        Assert.That(mixed.Pairs["step x block"], Is.EqualTo(4 * 2 / 3.0 * 1.25 / (7.25 + 4 * 2 / 3.0 * 1.25)).Within(1e-12));
        Assert.That(mixed.Noise, Is.EqualTo(0.1 / (7.25 + 4 * 2 / 3.0 * 1.25)).Within(1e-12));
        Assert.That(VarianceShares.Of(Square, new double[12], new double[12]), Is.Null);
    }

    [TestCase(double.PositiveInfinity, 0.05, 384.15)]
    [TestCase(1000, 0.05, 277.7)]
    [TestCase(double.PositiveInfinity, 0.01, 9603.6)]
    public void Sizes_of_samples_are_Leveugles(double population, double margin, double size) => Assert.That(FaultSample.Size(population, margin), Is.EqualTo(size).Within(0.1));

    [Test]
    public void A_critical_region_is_found_again()
    {
        // Damage begins where rate^1 x 2^(bit / 2) reaches a constant, so log2(frequency) = -bit / 2 + c and log2(MSD) = bit / 2 + c.
        var plan = CampaignBench.Plan("dit-fashion", 4, 1, (Axes.Bit, "8..14"), (Axes.Rate, "1e-6,1e-5,1e-4,1e-3,1e-2"));
        var means = Enumerable.Range(0, plan.Cells).Select(cell => plan.ValuesOf(cell)).Select(values => -Math.Log2(double.Parse(values[0], System.Globalization.CultureInfo.InvariantCulture)) - int.Parse(values[1], System.Globalization.CultureInfo.InvariantCulture) / 2.0).ToList();
        var region = CriticalRegion.Fit(plan, means, 5)!;
        Assert.That((region.Slope, region.Points.Count), Is.EqualTo((-1.0, 7)).Using<(double, int)>((a, b) => Math.Abs(a.Item1 - b.Item1) < 1e-6 && a.Item2 == b.Item2));
        Assert.That(region.Quality, Is.EqualTo(1).Within(1e-9));
        Assert.That(CriticalRegion.Fit(Square, new double[12], 1), Is.Null);
    }

    [Test]
    public void The_knee_is_where_the_curve_turns() => Assert.That(ContactSheet.Knee([50, 49, 48, 47, 20, 19, 18]), Is.EqualTo(3));

    [Test]
    public void Outliers_leave_the_function_and_widen_the_range()
    {
        var (model, request) = (ModelFolder.Find("dit-fashion"), new PictureRequest(3, 4));
        var images = new[] { 1.0, 16, 128 }.Select(factor =>
        {
            var pipeline = DiffusionPipeline.Load(model.Path);
            OutlierChannels.Insert(pipeline.Denoiser.Layers, factor);
            var value = pipeline.Denoiser.Layers.First(layer => layer.Key.Role == GemmRole.Value);
            return (Image: new PictureBatch(pipeline, 1).Draw(new Drawing([request], _ => new FloatUnit()), new SamplingSettings(3, 2))[0].Image, Largest: value.Weight.ReadAll().Max(MathF.Abs));
        }).ToList();
        foreach (var (image, _) in images.Skip(1))
            Assert.That(RelativeError.Largest(image.Span, images[0].Image.Span), Is.LessThan(1e-5));
        Assert.That(images[2].Largest, Is.GreaterThan(20 * images[0].Largest));
    }
}
