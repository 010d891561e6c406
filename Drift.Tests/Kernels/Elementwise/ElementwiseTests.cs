using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Drift.Kernels;
using NUnit.Framework;

namespace Drift.Tests;

public class ElementwiseTests
{
    [TestCase(1, 7, 8, 8, 0f)]
    [TestCase(2, 64, 24, 8, 0f)]
    [TestCase(1, 1024, 48, 8, 10f)]
    [TestCase(3, 130, 32, 32, -3f)]
    public void Group_norm_agrees_with_its_definition_in_double(int batch, int pixels, int channels, int groups, float offset)
    {
        var worst = WorstOfGroupNorm(Noise(batch * pixels * channels, 3, offset), batch, pixels, channels, groups);
        TestContext.Out.WriteLine($"{worst:E2}");
        Assert.That(worst, Is.LessThan(offset == 0 ? 2e-6 : 2e-5));
    }

    /// <summary>Sums and squares are taken about the mean of these pixels, so this is the worst that there is.</summary>
    [TestCase(1024, 0f, 30f)]
    [TestCase(1000, 0f, -1e4f)]
    [TestCase(1000, 1000f, 30f)]
    public void Group_norm_bears_that_every_runs_first_pixel_is_unlike_the_others(int pixels, float offset, float more)
    {
        const int Channels = 20;
        var x = Noise(pixels * Channels, 3, offset);
        for (var at = 0; at < x.Length; at += 64 * Channels)
        {
            foreach (ref var value in x.AsSpan(at, Channels))
                value += more;
        }

        var worst = WorstOfGroupNorm(x, 1, pixels, Channels, 2);
        TestContext.Out.WriteLine($"{worst:E2}");
        Assert.That(worst, Is.LessThan(1e-4));
    }

    private static double WorstOfGroupNorm(float[] x, int batch, int pixels, int channels, int groups)
    {
        var (gamma, beta) = (Noise(channels, 4, 1), Noise(channels, 5, 0));
        var y = new Tensor(batch, pixels, channels);
        GroupNorm.Apply(new Tensor(x, batch, pixels, channels), groups, 1e-6f, gamma, beta, y);
        var size = channels / groups;
        var worst = 0.0;
        for (var block = 0; block < batch * groups; block++)
        {
            var (sample, group) = Math.DivRem(block, groups);
            var places = Enumerable.Range(0, pixels)
                .SelectMany(p => Enumerable.Range(group * size, size).Select(c => (Channel: c, At: (sample * pixels + p) * channels + c))).ToArray();
            var mean = places.Average(p => (double)x[p.At]);
            var variance = places.Average(p => (x[p.At] - mean) * (x[p.At] - mean));
            foreach (var (c, at) in places)
                worst = Math.Max(worst, Math.Abs(y.Span[at] - ((x[at] - mean) / Math.Sqrt(variance + 1e-6) * gamma[c] + beta[c])));
        }

        return worst;
    }

    [TestCase(1500, 100)]
    [TestCase(4001, 65)]
    public void Group_norm_has_the_same_bits_on_any_number_of_threads(int pixels, int channels)
    {
        var x = new Tensor(Noise(pixels * channels, 3, 1), 1, pixels, channels);
        var (gamma, beta) = (Noise(channels, 4, 1), Noise(channels, 5, 0));
        Tensor one = new(1, pixels, channels), several = new(1, pixels, channels);
        GroupNorm.Apply(x, 5, 1e-6f, gamma, beta, one);
        foreach (var threads in new[] { 2, 3 })
        {
            GroupNorm.Apply(x, 5, 1e-6f, gamma, beta, several, threads);
            Assert.That(several.Span.SequenceEqual(one.Span), $"{threads} threads");
        }
    }

    [Test]
    public void Softmax_and_activations_agree_with_their_definitions_in_double()
    {
        var x = Noise(5 * 37, 8, 0);
        var weights = x.Chunk(37).SelectMany(row => row.Concat(Enumerable.Repeat(float.NaN, Softmax.Padded(37) - 37))).ToArray();
        Softmax.Rows(weights, 37, 3);
        var silu = x.ToArray();
        Activation.Silu(silu);
        var relu = x.ToArray();
        Activation.Relu(relu);
        Assert.Multiple(() =>
        {
            for (var row = 0; row < 5; row++)
            {
                var sum = x.Skip(row * 37).Take(37).Sum(v => Math.Exp(3.0 * v));
                for (var i = 0; i < Softmax.Padded(37); i++)
                    Assert.That(weights[row * Softmax.Padded(37) + i], Is.EqualTo(i < 37 ? Math.Exp(3.0 * x[row * 37 + i]) / sum : 0).Within(1e-6));
            }

            Assert.That(silu, Is.EqualTo(x.Select(v => (float)(v / (1 + Math.Exp(-v))))).Within(5e-7f));
            Assert.That(relu, Is.EqualTo(x.Select(v => Math.Max(v, 0))));
        });
    }

    [Test]
    public void Gaussian_error_units_agree_with_their_definitions_in_double()
    {
        var x = Noise(2 * 5 * 37, 8, 0).Select(v => 3 * v).Concat([0, -0f, 30, -30, 1e6f, -1e6f, 0, 0, 0, 0]).ToArray();
        var (exact, quick, gated) = (x.ToArray(), x.ToArray(), new float[x.Length / 2]);
        Gelu.Exact(exact);
        Gelu.Quick(quick);
        Gelu.Gate(x, 19, gated);
        Assert.Multiple(() =>
        {
            for (var i = 0; i < x.Length; i++)
            {
                Assert.That(exact[i], Is.EqualTo(x[i] * Distribution(x[i])).Within(2e-7 * Math.Max(1, Math.Abs(x[i]))), $"exact at {x[i]}");
                Assert.That(quick[i], Is.EqualTo(x[i] / (1 + Math.Exp(-1.702 * x[i]))).Within(2e-7 * Math.Max(1, Math.Abs(x[i]))), $"quick at {x[i]}");
            }

            for (var i = 0; i < gated.Length; i++)
            {
                var (linear, gate) = (x[i / 19 * 38 + i % 19], x[i / 19 * 38 + 19 + i % 19]);
                Assert.That(gated[i], Is.EqualTo(linear * gate * Distribution(gate)).Within(4e-7 * Math.Max(1, Math.Abs(linear * gate))), $"{linear} through {gate}");
            }
        });
        Assert.That(() => Gelu.Gate(x, 7, gated), Throws.ArgumentException);

        // The normal distribution, from MathNet's error function.
        static double Distribution(double x) => 0.5 * MathNet.Numerics.SpecialFunctions.Erfc(-x / Math.Sqrt(2));
    }

    [Test]
    public void Layer_norm_with_factors_agrees_with_its_definition_in_double()
    {
        const int Rows = 3, Width = 37;
        var (x, gamma, beta, y) = (Noise(Rows * Width, 3, 2), Noise(Width, 4, 1), Noise(Width, 5, 0), new float[Rows * Width]);
        LayerNorm.Affine(x, gamma, beta, 1e-2f, y);
        for (var row = 0; row < Rows; row++)
        {
            var values = x.Skip(row * Width).Take(Width).Select(v => (double)v).ToArray();
            var mean = values.Average();
            var deviation = Math.Sqrt(values.Average(v => (v - mean) * (v - mean)) + 1e-2);
            for (var i = 0; i < Width; i++)
                Assert.That(y[row * Width + i], Is.EqualTo((values[i] - mean) / deviation * gamma[i] + beta[i]).Within(2e-6));
        }
    }

    [Test]
    public void Pixels_are_joined_and_doubled_less_a_row_and_column()
    {
        var (x, other) = (new Tensor(Noise(2 * 2 * 3 * 5, 1, 0), 2, 2, 3, 5), new Tensor(Noise(2 * 2 * 3 * 2, 2, 0), 2, 2, 3, 2));
        var (joined, large) = (new Tensor(2, 2, 3, 7), new Tensor(2, 3, 5, 5));
        ChannelOrder.Join(x, other, joined);
        Resampling.Double(x, large);
        for (var i = 0; i < joined.Length; i++)
            Assert.That(joined.Span[i], Is.EqualTo(i % 7 < 5 ? x.Span[i / 7 * 5 + i % 7] : other.Span[i / 7 * 2 + i % 7 - 5]));
        for (var i = 0; i < large.Length; i++)
            Assert.That(large.Span[i], Is.EqualTo(x.Span[((i / 75 * 2 + i / 25 % 3 / 2) * 3 + i / 5 % 5 / 2) * 5 + i % 5]));
        Assert.That(() => Resampling.Double(x, new Tensor(2, 4, 4, 5)), Throws.ArgumentException);
        Assert.That(() => ChannelOrder.Join(x, other, new Tensor(2, 2, 3, 8)), Throws.ArgumentException);
    }

    [Test]
    public void Values_do_not_depend_on_where_they_stand()
    {
        var x = Noise(64, 9, 0);
        var whole = x.ToArray();
        Activation.Silu(whole);
        for (var first = 0; first < 40; first++)
        {
            var part = x.AsSpan(first, 21).ToArray();
            Activation.Silu(part);
            Assert.That(part.AsSpan().SequenceEqual(whole.AsSpan(first, 21)), $"from {first}");
        }
    }

    [Test]
    public void Pictures_change_resolution_and_order_as_defined()
    {
        var x = new Tensor([.. Enumerable.Range(0, 2 * 3 * 3 * 2).Select(i => (float)((i * 7) % 11))], 2, 3, 3, 2);
        var (pool, mean, large) = (new Tensor(2, 2, 2, 2), new Tensor(2, 2), new Tensor(2, 6, 6, 2));
        Resampling.MaxPool(x, pool);
        Resampling.AveragePool(x, mean);
        Resampling.Double(x, large);
        var (first, back) = (new Tensor(2, 2, 3, 3), new Tensor(2, 3, 3, 2));
        ChannelOrder.ToFirst(x, first);
        ChannelOrder.ToLast(first, back);
        Assert.Multiple(() =>
        {
            for (var i = 0; i < pool.Length; i++)
            {
                var (n, y, z, c) = (i / 8, i / 4 % 2, i / 2 % 2, i % 2);
                var window = from p in Enumerable.Range(0, 9) where Math.Abs(p / 3 - 2 * y) < 2 && Math.Abs(p % 3 - 2 * z) < 2 select x.Span[(n * 9 + p) * 2 + c];
                Assert.That(pool.Span[i], Is.EqualTo(window.Max()));
            }

            for (var i = 0; i < large.Length; i++)
                Assert.That(large.Span[i], Is.EqualTo(x.Span[((i / 72 * 3 + i / 12 % 6 / 2) * 3 + i / 2 % 6 / 2) * 2 + i % 2]));
            for (var i = 0; i < first.Length; i++)
                Assert.That(first.Span[i], Is.EqualTo(x.Span[(i / 18 * 9 + i % 9) * 2 + i / 9 % 2]));
            Assert.That(mean.Span[3], Is.EqualTo(Enumerable.Range(9, 9).Average(p => x.Span[p * 2 + 1])).Within(1e-6));
            Assert.That(back.Span.SequenceEqual(x.Span));
        });
    }

    /// <summary>The digest was taken with AVX-512, AVX2 and SSE alone alike (DOTNET_EnableAVX512=0, DOTNET_EnableAVX=0).</summary>
    [Test]
    public void The_bits_are_the_same_on_every_vector_width()
    {
        var x = Noise(3 * 70 * 40, 6, 0.3f);
        var y = new Tensor(3, 70, 40);
        GroupNorm.Apply(new Tensor(x, 3, 70, 40), 8, 1e-5f, Noise(40, 7, 1), Noise(40, 8, 0), y);
        Activation.Silu(y.Span);
        Softmax.Rows(y.Span, 48, 1.5f);
        Assert.That(Convert.ToHexString(SHA256.HashData(MemoryMarshal.AsBytes(y.Span)))[..16], Is.EqualTo("09402CCFBF95E576"));
    }

    private static float[] Noise(int count, int seed, float offset)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => offset + 2 * (random.NextSingle() + random.NextSingle() + random.NextSingle() - 1.5f))];
    }
}
