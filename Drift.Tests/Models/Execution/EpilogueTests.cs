using Drift.Kernels;
using Drift.Models;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>The way out of the accumulators, whole products against one element at a time.</summary>
public class EpilogueTests
{
    private const int M = 7, N = 37, K = 24;

    [TestCase(1, true)]
    [TestCase(1, false)]
    [TestCase(M, true)]
    [TestCase(M, false)]
    public void Whole_products_and_single_elements_leave_alike(int groups, bool biased)
    {
        using var backend = new ReferenceBackend();
        var random = new Random(groups);
        using var weights = backend.Prepare([.. Enumerable.Range(0, N * K).Select(_ => (sbyte)random.Next(-127, 128))], N, K, 0);
        using var output = new GemmOutput();
        backend.Multiply(new GemmCall([.. Enumerable.Range(0, M * K).Select(_ => (sbyte)random.Next(-127, 128))], M, K, weights), FaultPlan.None, output);
        float[] Scales(int count) => [.. Enumerable.Range(0, count).Select(_ => 0.001f + random.NextSingle())];
        float[] activations = Scales(groups), channels = Scales(N), bias = biased ? Scales(N) : [];

        var epilogue = new Epilogue(activations, channels, bias);
        var largest = 0f;
        float[] wide = new float[M * N], saturating = new float[M * N];
        for (var i = 0; i < wide.Length; i++)
        {
            var expected = Math.Clamp(output.Row(i / N)[i % N] * activations[groups == 1 ? 0 : i / N] * channels[i % N], -60000, 60000) + (biased ? bias[i % N] : 0);
            Assert.That(epilogue.Apply(output.Row(i / N)[i % N], i / N, i % N), Is.EqualTo(expected));
            largest = Math.Max(largest, Math.Abs(expected));
            (wide[i], saturating[i]) = (expected, epilogue.Apply(output.Row(i / N)[i % N], i / N, i % N, 3));
        }

        var values = new float[M * N];
        Assert.That(epilogue.Largest(output), Is.EqualTo(largest));
        epilogue.Apply(output, null, values);
        Assert.That(values, Is.EqualTo(wide));
        epilogue.Apply(output, 3, values);
        Assert.That(values, Is.EqualTo(saturating));
        Assert.That(saturating.Max(), Is.LessThanOrEqualTo(127 * 3));
    }

    [Test]
    public void Channels_have_scales_of_their_own_where_they_shall()
    {
        using var backend = new ReferenceBackend();
        var layer = new LinearLayer(new LayerKey(0, GemmRole.Query), [1, -2, 0.5f, 4, 0, 0], [], 3, 2);
        using var together = new QuantisedLayers(backend);
        using var apart = new QuantisedLayers(backend, ScaleGroups.PerChannelAndToken);
        Assert.Multiple(() =>
        {
            Assert.That(together.Get(layer, 0).Scales, Is.EqualTo(new[] { 4 / 127f, 4 / 127f, 4 / 127f }));
            Assert.That(apart.Get(layer, 0).Scales, Is.EqualTo(new[] { 2 / 127f, 4 / 127f, 0 }));
        });
    }
}
