using Drift.Kernels;
using FsCheck;
using FsCheck.Fluent;
using NUnit.Framework;

namespace Drift.Tests;

public sealed class FloatConvolutionTests
{
    [Test]
    public void Any_convolution_has_the_bits_of_the_reference_on_any_number_of_threads() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(150), Prop.ForAll(ConvolutionCase.Shrinking, drawn => IsTheReference(drawn, 1 + drawn.Seed % 3)));

    // Blocks of K and of pixels, ragged panels, and a share of pixels or panels for each thread.
    [TestCase(20, 31, 30, 70, 3, ChannelLayout.Last)]
    [TestCase(9, 9, 64, 200, 3, ChannelLayout.First)]
    [TestCase(17, 16, 200, 33, 1, ChannelLayout.Last)]
    public void Large_convolutions_have_the_bits_of_the_reference(int height, int width, int channels, int filters, int kernel, ChannelLayout layout)
    {
        var shape = new ConvolutionShape(2, height, width, channels, filters, kernel) { Padding = kernel / 2, Layout = layout };
        foreach (var threads in new[] { 1, 2, 3 })
            IsTheReference(new ConvolutionCase(shape, 7), threads);
    }

    [TestCase(32, 3, ChannelLayout.Last)]
    [TestCase(7, 3, ChannelLayout.First)]
    [TestCase(64, 1, ChannelLayout.Last)]
    public void Protected_tile_by_tile_both_sides_of_every_sum_agree_and_a_flip_shows(int tile, int kernel, ChannelLayout layout)
    {
        var drawn = new ConvolutionCase(new ConvolutionShape(2, 17, 19, 88, 70, kernel) { Padding = kernel / 2, Groups = 2, Layout = layout }, 8);
        var (shape, m, n) = (drawn.Shape, drawn.Shape.Product.M, drawn.Shape.Product.N);
        var (x, w, bias) = (drawn.Floats(shape.InputLength, 1), drawn.Floats(drawn.FilterValues, 2), drawn.Floats(shape.Filters, 3));
        var (truth, y, flip) = (new float[shape.OutputLength], new float[shape.OutputLength], new Flip(613, 33, 30));
        ReferenceConvolution.Multiply(shape, x, w, bias, truth);
        foreach (var threads in new[] { 1, 2 })
        {
            FloatChecks[] checks = [new(), new()];
            FloatConvolution.Multiply(shape, x, FloatConvolution.Pack(shape, w, tile), bias, y, threads, null, checks);
            Assert.That(y.AsSpan().SequenceEqual(truth), $"checks change no bit, {threads} threads");
            Assert.That(checks.SelectMany(Beyond), Is.Empty, $"{threads} threads");
            Assert.That(checks[1].Expected.Rows.ToArray(), Has.Some.GreaterThan(1));
            FloatConvolution.Multiply(shape, x, FloatConvolution.Pack(shape, w, tile), bias, y, threads, [FaultPlan.None, FaultPlan.Of(m, n, [flip])], checks);
            Assert.That(Beyond(checks[0]), Is.Empty);
            Assert.That(Beyond(checks[1]), Is.EqualTo(new[] { $"row {613 * ((n + tile - 1) / tile) + 33 / tile}", $"column {613 / tile * n + 33}" }));
            var changed = Enumerable.Range(0, y.Length).Where(at => y[at] != truth[at]);
            Assert.That(changed, Is.EqualTo(new[] { ReferenceConvolution.At(shape, 613, n + 33) }));
        }

        static List<string> Beyond(FloatChecks checks)
        {
            const double Rounding = 2e-3;
            List<string> beyond = [];
            for (var i = 0; i < checks.Expected.Rows.Length; i++)
            {
                if (!(Math.Abs((double)checks.Expected.Rows[i] - checks.Observed.Rows[i]) < Rounding))
                    beyond.Add($"row {i}");
            }

            for (var i = 0; i < checks.Expected.Columns.Length; i++)
            {
                if (!(Math.Abs((double)checks.Expected.Columns[i] - checks.Observed.Columns[i]) < Rounding))
                    beyond.Add($"column {i}");
            }

            return beyond;
        }
    }

    [Test]
    public void Statistics_of_windows_are_those_of_the_windows()
    {
        var drawn = new ConvolutionCase(new ConvolutionShape(1, 9, 8, 50, 40, 3) { Padding = 1 }, 4);
        var (shape, k) = (drawn.Shape, drawn.Shape.Product.K);
        var x = drawn.Floats(shape.InputLength, 1);
        var checks = new FloatChecks();
        FloatConvolution.Multiply(shape, x, FloatConvolution.Pack(shape, drawn.Floats(drawn.FilterValues, 2), 32), [], new float[shape.OutputLength], 1, null, [checks]);
        for (var row = 0; row < shape.Product.M; row++)
        {
            double sum = 0, squares = 0;
            for (var at = 0; at < k; at++)
            {
                var (tap, channel) = Math.DivRem(at, shape.Channels);
                var (i, j) = (row / 8 - 1 + tap / 3, row % 8 - 1 + tap % 3);
                double value = i is >= 0 and < 9 && j is >= 0 and < 8 ? x[(i * 8 + j) * shape.Channels + channel] : 0;
                sum += value;
                squares += value * value;
            }

            Assert.That(checks.Activations.Sums[row], Is.EqualTo(sum).Within(1e-4));
            Assert.That(checks.Activations.Squares[row], Is.EqualTo(squares).Within(1e-3));
        }
    }

    [Test]
    public void The_reference_is_the_sum_over_the_window()
    {
        // One pixel, one channel: a 3 x 3 picture under a 3 x 3 filter without padding is their inner product.
        var (x, w, y) = (new float[] { 1, 2, 3, 4, 5, 6, 7, 8, 9 }, new float[] { 1, 0, -1, 2, 0, -2, 1, 0, -1 }, new float[1]);
        ReferenceConvolution.Multiply(new ConvolutionShape(1, 3, 3, 1, 1, 3), x, w, [0.5f], y);
        Assert.That(y[0], Is.EqualTo(1 - 3 + 2 * (4 - 6) + 7 - 9 + 0.5f));

        // Dilation 2 and padding 1 over the same picture: the corners of a 5 x 5 window, of which the picture holds the middle cross only.
        ReferenceConvolution.Multiply(new ConvolutionShape(1, 3, 3, 1, 1, 3) { Dilation = 2, Padding = 1 }, x, [1, 10, 100, 1000, 10000, 100000, 0, 0, 7], [], y);
        Assert.That(y[0], Is.EqualTo(10000 * 5f));

        // Two groups: each filter sees one of the two channels.
        var pair = new float[2];
        ReferenceConvolution.Multiply(new ConvolutionShape(1, 1, 1, 2, 2, 1) { Groups = 2 }, [3, 5], [10, 100], [], pair);
        Assert.That(pair, Is.EqualTo(new[] { 30f, 500f }));
    }

    [Test]
    public void Impossible_geometry_is_refused_with_both_numbers()
    {
        var sound = new ConvolutionShape(1, 4, 5, 6, 9, 3);
        Refused(sound with { Kernel = 6, Padding = 0 }, "spans 6 pixels", "has 4");
        Refused(sound with { Kernel = 3, Dilation = 3, Padding = 1 }, "spans 7 pixels", "has 6");
        Refused(sound with { Groups = 4 }, "4 groups", "6 channels");
        Refused(sound with { Groups = 2 }, "2 groups", "9 filters");
        Refused(sound with { Stride = 0 }, "Stride is 0", "at least 1");
        Refused(sound with { Padding = -1 }, "Padding is -1", "at least 0");
        Refused(sound with { Height = 70000, Width = 70000 }, "2^31");

        static void Refused(ConvolutionShape shape, params string[] parts)
        {
            var message = Assert.Throws<ArgumentException>(() => shape.Required())!.Message;
            foreach (var part in parts)
                Assert.That(message, Does.Contain(part));
        }
    }

    [Test]
    public void Operands_of_another_shape_are_refused()
    {
        var shape = new ConvolutionShape(1, 4, 4, 2, 3, 3) { Padding = 1 };
        var filters = FloatConvolution.Pack(shape, new float[54]);
        Assert.Throws<ArgumentException>(() => FloatConvolution.Pack(shape, new float[53]));
        Assert.Throws<ArgumentException>(() => FloatConvolution.Multiply(shape, new float[31], filters, [], new float[48]));
        Assert.Throws<ArgumentException>(() => FloatConvolution.Multiply(shape, new float[32], filters, [], new float[47]));
        Assert.Throws<ArgumentException>(() => FloatConvolution.Multiply(shape, new float[32], filters, new float[2], new float[48]));
        Assert.Throws<ArgumentException>(() => FloatConvolution.Multiply(shape with { Filters = 4 }, new float[32], filters, [], new float[64]));
    }

    private static void IsTheReference(ConvolutionCase drawn, int threads)
    {
        var shape = drawn.Shape;
        var (x, w, bias) = (drawn.Floats(shape.InputLength, 1), drawn.Floats(drawn.FilterValues, 2), drawn.Seed % 2 == 0 ? drawn.Floats(shape.Filters, 3) : []);
        var (truth, y) = (new float[shape.OutputLength], new float[shape.OutputLength]);
        ReferenceConvolution.Multiply(shape, x, w, bias, truth);
        FloatConvolution.Multiply(shape, x, FloatConvolution.Pack(shape, w), bias, y, threads);
        Assert.That(y.AsSpan().SequenceEqual(truth), $"{shape}, {shape.Layout}, seed {drawn.Seed}, {threads} threads");
    }
}
