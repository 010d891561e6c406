using Drift.Kernels;
using Drift.Models;
using NUnit.Framework;

namespace Drift.Tests;

public class FloatUnitTests
{
    [TestCase(5, 7, 3, 4, 3, 1, 1, 1)]
    [TestCase(8, 8, 5, 6, 3, 2, 0, 1)]
    [TestCase(9, 6, 2, 3, 7, 2, 3, 3)]
    [TestCase(6, 5, 4, 3, 1, 2, 0, 0)]
    [TestCase(6, 5, 4, 3, 1, 1, 0, 0)]
    [TestCase(40, 40, 64, 2, 3, 1, 1, 1)]
    public void A_convolution_is_the_sum_over_its_window(int height, int width, int inChannels, int outChannels, int kernel, int stride, int padding, int after)
    {
        var weight = Noise(outChannels * inChannels * kernel * kernel, 1);
        var bias = Noise(outChannels, 2);
        var layer = new ConvolutionLayer(new LayerKey(0, GemmRole.Convolution), weight, bias, outChannels, inChannels, kernel, stride, padding, after);
        var x = new Tensor(Noise(2 * height * width * inChannels, 3), 2, height, width, inChannels);
        var y = new Tensor(2, layer.Output(height), layer.Output(width), outChannels);
        new FloatUnit().Convolve(new StepContext(0, 0, new Workspace()), x, layer, y);

        for (var at = 0; at < y.Length; at++)
        {
            var (pixel, o) = Math.DivRem(at, outChannels);
            var (line, column) = Math.DivRem(pixel, y.Shape[2]);
            var (image, row) = Math.DivRem(line, y.Shape[1]);
            var sum = (double)bias[o];
            for (var tap = 0; tap < kernel * kernel; tap++)
            {
                var (i, j) = (row * stride - padding + tap / kernel, column * stride - padding + tap % kernel);
                if (i < 0 || i >= height || j < 0 || j >= width)
                    continue;
                for (var c = 0; c < inChannels; c++)
                    sum += (double)weight[(o * inChannels + c) * kernel * kernel + tap] * x.Span[((image * height + i) * width + j) * inChannels + c];
            }

            Assert.That(y.Span[at], Is.EqualTo(sum).Within(5e-5), $"at {at}");
        }
    }

    [Test]
    public void Layers_that_read_the_same_input_are_each_a_product()
    {
        var x = new Tensor(Noise(6 * 5, 4), 2, 3, 5);
        var wide = new LinearLayer(new LayerKey(0, GemmRole.Query), Noise(35, 5), Noise(7, 6), 7, 5);
        var plain = new LinearLayer(new LayerKey(0, GemmRole.Key), Noise(10, 7), [], 2, 5);
        var (a, b) = (new Tensor(2, 3, 7), new Tensor(2, 3, 2));
        new FloatUnit().Linear(new StepContext(0, 0, new Workspace()), x, new Projection(wide, a), new Projection(plain, b));
        Assert.Multiple(() =>
        {
            for (var i = 0; i < a.Length; i++)
                Assert.That(a.Span[i], Is.EqualTo(wide.Bias[i % 7] + Dot(x, i / 7, wide, i % 7)).Within(1e-5));
            for (var i = 0; i < b.Length; i++)
                Assert.That(b.Span[i], Is.EqualTo(Dot(x, i / 2, plain, i % 2)).Within(1e-5));
        });

        static double Dot(Tensor x, int row, LinearLayer layer, int n) =>
            Enumerable.Range(0, layer.K).Sum(k => (double)x.Span[row * layer.K + k] * layer.Weight.ReadAll()[n * layer.K + k]);
    }

    private static float[] Noise(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => 2 * random.NextSingle() - 1)];
    }
}
