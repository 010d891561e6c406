using Drift.Kernels;
using Drift.Models;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>Units around other units: what they measure, and that they change nothing.</summary>
[TestFixture]
public sealed class ProfileTests
{
    private readonly Workbench _bench = new();

    [OneTimeTearDown]
    public void Dispose() => _bench.Dispose();

    [Test]
    public void Every_product_of_a_run_is_timed_once_and_the_picture_is_the_same()
    {
        var profile = new Profile();
        var settings = new SamplingSettings(2, 1);
        DrawnPicture Draw(Func<IGemmUnit> open) => new PictureBatch(_bench.Pipeline, 1).Draw(new Drawing(Workbench.Requests(1), _ => open()), settings)[0];
        var plain = Draw(() => new FloatUnit());
        var timed = Draw(() => new ProfilingUnit(new FloatUnit(), profile));
        var once = ForwardSurvey.Of(_bench.Pipeline.Denoiser, new Conditioning([1]));
        Assert.Multiple(() =>
        {
            Assert.That(timed.Image.Span.ToArray(), Is.EqualTo(plain.Image.Span.ToArray()));
            Assert.That(profile.Entries.Sum(entry => entry.Macs), Is.EqualTo(2 * once.Sum(product => product.Macs)));
            Assert.That(profile.Entries.Where(entry => entry.Layer is not null).Sum(entry => entry.Calls), Is.EqualTo(2 * once.Count(product => product.Layer is not null)));
            Assert.That(profile.Entries.Sum(entry => entry.Time.Ticks), Is.GreaterThan(0).And.LessThan(profile.Total.Ticks));
        });
    }

    [Test]
    public void A_probe_draws_in_fp32_and_finds_more_noise_where_outputs_are_INT8_too()
    {
        var (pipeline, settings, request) = (_bench.Pipeline, new SamplingSettings(2, 2), Workbench.Requests(1)[0]);
        using var probe = new QuantisationProbe(_bench.Platform, _bench.Layers, request, pipeline.Kind.Guards);
        Tensor Draw(IGemmUnit unit)
        {
            var noise = pipeline.Noise(request);
            var latents = noise.Reshape([1, .. noise.Shape]);
            pipeline.Denoise(latents, pipeline.Conditioner.Condition([request], settings, unit, new Workspace()), settings, unit, new Workspace());
            return latents;
        }

        Assert.That(Draw(probe).Span.ToArray(), Is.EqualTo(Draw(new FloatUnit()).Span.ToArray()));
        Assert.That(probe.Errors.Select(error => error.Layer), Is.EquivalentTo(pipeline.Denoiser.Layers.Select(layer => layer.Key).Where(pipeline.Kind.Guards)));
        Assert.That(probe.Errors, Is.All.Matches<QuantisationError>(error => error is { Decibels: > 15 and < 60 } found && found.SaturatedDecibels < found.Decibels));
    }

    [Test]
    public void A_large_layer_of_few_rows_has_the_bits_of_a_packed_one()
    {
        const int n = 1100, k = 960;
        var random = new Random(3);
        float[] Noise(int count) => [.. Enumerable.Range(0, count).Select(_ => 2 * random.NextSingle() - 1)];
        var layer = new LinearLayer(new LayerKey(0, GemmRole.Modulation), Noise(n * k), Noise(n), n, k);
        var input = new Tensor(Noise(3 * k), 3, k);
        var (streamed, packed) = (new Tensor(3, n), new Tensor(3, n));
        RowMemory.Compute(layer, input, streamed, new Workspace());
        new FloatUnit().Linear(new StepContext(0, 0, new Workspace()), input, new Projection(layer, packed));
        Assert.That(streamed.Span.ToArray(), Is.EqualTo(packed.Span.ToArray()));
    }
}
