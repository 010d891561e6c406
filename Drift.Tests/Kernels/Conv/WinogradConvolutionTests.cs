using Drift.Kernels;
using FsCheck;
using FsCheck.Fluent;
using NUnit.Framework;

namespace Drift.Tests;

public sealed class WinogradConvolutionTests
{
    private const double UnitRoundoff = 1.0 / (1 << 24);

    private static readonly double[,] OfInput = { { 1, 0, -1, 0 }, { 0, 1, 1, 0 }, { 0, -1, 1, 0 }, { 0, 1, 0, -1 } };
    private static readonly double[,] OfFilter = { { 1, 0, 0 }, { 0.5, 0.5, 0.5 }, { 0.5, -0.5, 0.5 }, { 0, 0, 1 } };
    private static readonly double[,] OfOutput = { { 1, 1, 1, 0 }, { 0, 1, -1, -1 } };

    [Test]
    public void Any_convolution_that_fits_stays_within_the_bound_with_the_same_bits_on_any_number_of_threads() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(60), Prop.ForAll(Arb.From(ConvolutionCase.Any.Select(Fitting)), drawn => IsWithinTheBound(drawn, [1, 1 + drawn.Seed % 3])));

    // Shares of tiles for each thread, several vectors of channels and panels of filters, and a ragged end of either.
    [TestCase(33, 30, 70, 49, ChannelLayout.Last)]
    [TestCase(32, 32, 64, 64, ChannelLayout.First)]
    public void Large_convolutions_stay_within_the_bound(int height, int width, int channels, int filters, ChannelLayout layout) =>
        IsWithinTheBound(new ConvolutionCase(new ConvolutionShape(2, height, width, channels, filters, 3) { Padding = 1, Layout = layout }, 5), [1, 2, 3]);

    [Test]
    public void A_flipped_bit_of_a_product_shows_on_its_row_and_column_and_reaches_its_own_tile_of_pixels_only()
    {
        var drawn = new ConvolutionCase(new ConvolutionShape(1, 15, 20, 40, 70, 3) { Padding = 1 }, 6);
        var (shape, (m, n, _)) = (drawn.Shape, WinogradConvolution.Product(drawn.Shape));
        var (x, w, clean, y) = (drawn.Floats(shape.InputLength, 1), drawn.Floats(drawn.FilterValues, 2), new float[shape.OutputLength], new float[shape.OutputLength]);
        var packed = WinogradConvolution.Pack(shape, w, 32);
        FloatChecks[] checks = [.. packed.Select(_ => new FloatChecks())];
        WinogradConvolution.Multiply(shape, x, packed, [], clean, 2, null, checks);
        Assert.That(checks.SelectMany(Beyond), Is.Empty);
        // Tile 43 is the fourth of the fifth line, pixels (8, 6) to (9, 7); value 5 of a tile reaches all four.
        FaultPlan[] faults = [.. packed.Select((_, at) => at == 5 ? FaultPlan.Of(m, n, [new Flip(43, 33, 30)]) : FaultPlan.None)];
        WinogradConvolution.Multiply(shape, x, packed, [], y, 2, faults, checks);
        Assert.Multiple(() =>
        {
            Assert.That(Beyond(checks[5]), Is.EqualTo(new[] { $"row {43 * 3 + 1}", $"column {n + 33}" }));
            Assert.That(checks.Where((_, at) => at != 5).SelectMany(Beyond), Is.Empty);
            Assert.That(Enumerable.Range(0, y.Length).Where(at => y[at] != clean[at]),
                Is.EqualTo(new[] { (8, 6), (8, 7), (9, 6), (9, 7) }.Select(pixel => (pixel.Item1 * 20 + pixel.Item2) * 70 + 33)));
        });
    }

    [Test]
    public void What_does_not_fit_is_refused()
    {
        var shape = new ConvolutionShape(1, 8, 8, 4, 4, 3);
        var packed = WinogradConvolution.Pack(shape, new float[144]);
        Assert.Multiple(() =>
        {
            foreach (var other in new[] { shape with { Kernel = 5 }, shape with { Stride = 2 }, shape with { Dilation = 2 } })
            {
                Assert.That(WinogradConvolution.Fits(other), Is.False);
                Assert.That(() => WinogradConvolution.Pack(other, new float[400]), Throws.ArgumentException.With.Message.Contains("expected windows of 3 x 3"));
            }

            Assert.That(() => WinogradConvolution.Pack(shape, new float[143]), Throws.ArgumentException.With.Message.Contains("144").And.Message.Contains("143"));
            Assert.That(() => WinogradConvolution.Multiply(shape, new float[256], packed.AsSpan(1), [], new float[144]), Throws.ArgumentException.With.Message.Contains("16 products"));
            Assert.That(() => WinogradConvolution.Multiply(shape, new float[255], packed, [], new float[144]), Throws.ArgumentException);
            Assert.That(() => WinogradConvolution.Multiply(shape, new float[256], packed, [], new float[144], 1, null, [.. packed.Select(_ => new FloatChecks())]), Throws.ArgumentException);
        });
    }

    private static ConvolutionCase Fitting(ConvolutionCase drawn) => drawn with
    {
        Shape = drawn.Shape with { Kernel = 3, Stride = 1, Dilation = 1, Height = Math.Max(3, drawn.Shape.Height), Width = Math.Max(3, drawn.Shape.Width) },
    };

    private static void IsWithinTheBound(ConvolutionCase drawn, int[] threads)
    {
        var shape = drawn.Shape;
        var (x, w, bias) = (drawn.Floats(shape.InputLength, 1), drawn.Floats(drawn.FilterValues, 2), drawn.Floats(shape.Filters, 3));
        float[]? first = null;
        foreach (var count in threads)
        {
            var y = new float[shape.OutputLength];
            WinogradConvolution.Multiply(shape, x, WinogradConvolution.Pack(shape, w), bias, y, count);
            if (first is not null)
            {
                Assert.That(y.AsSpan().SequenceEqual(first), $"{shape}, {count} threads");
                continue;
            }

            first = y;
            var (truth, bound) = InDouble(shape, x, w, bias);
            for (var at = 0; at < y.Length; at++)
                Assert.That(Math.Abs(y[at] - truth[at]), Is.LessThanOrEqualTo(bound[at]), $"{shape}, {shape.Layout}, seed {drawn.Seed}, value {at}");
        }
    }

    /// <summary>The definition of a convolution in double, and the bound of the remarks.</summary>
    private static (double[] Truth, double[] Bound) InDouble(ConvolutionShape shape, float[] x, float[] w, float[] bias)
    {
        var (each, edge) = (shape.GroupChannels, shape.OutHeight * shape.OutWidth);
        var (truth, bound) = (new double[shape.OutputLength], new double[shape.OutputLength]);
        var gamma = (each + 10) * UnitRoundoff / (1 - (each + 10) * UnitRoundoff);
        for (var row = 0; row < shape.Product.M; row++)
        {
            int image = row / edge, i = row % edge / shape.OutWidth, j = row % shape.OutWidth;
            for (var filter = 0; filter < shape.Filters; filter++)
            {
                double sum = 0, magnitude = 0;
                var products = new double[4, 4];
                for (var c = 0; c < each; c++)
                {
                    var taps = w.AsSpan((filter * each + c) * 9, 9).ToArray();
                    double Pixel(int y, int z) => At(shape, x, image, filter / shape.GroupFilters * each + c, y - shape.Padding, z - shape.Padding);
                    for (var t = 0; t < 9; t++)
                        sum += Pixel(i + t / 3, j + t % 3) * taps[t];
                    for (var at = 0; at < 16; at++)
                        products[at / 4, at % 4] += Magnitude(OfInput, at, 4, (r, s) => Pixel(i / 2 * 2 + r, j / 2 * 2 + s)) * Magnitude(OfFilter, at, 3, (r, s) => taps[3 * r + s]);
                }

                for (var at = 0; at < 16; at++)
                    magnitude += Math.Abs(OfOutput[i % 2, at / 4]) * products[at / 4, at % 4] * Math.Abs(OfOutput[j % 2, at % 4]);
                var place = ReferenceConvolution.At(shape, row, filter);
                truth[place] = sum + bias[filter];
                bound[place] = gamma * magnitude + UnitRoundoff * (Math.Abs(truth[place]) + gamma * magnitude);
            }
        }

        return (truth, bound);
    }

    private static double Magnitude(double[,] factors, int at, int edge, Func<int, int, double> value)
    {
        double sum = 0;
        for (var r = 0; r < edge; r++)
        {
            for (var s = 0; s < edge; s++)
                sum += Math.Abs(factors[at / 4, r] * value(r, s) * factors[at % 4, s]);
        }

        return sum;
    }

    private static double At(ConvolutionShape shape, float[] x, int image, int channel, int y, int z)
    {
        if (y < 0 || y >= shape.Height || z < 0 || z >= shape.Width)
            return 0;
        return shape.Layout == ChannelLayout.Last ? x[((image * shape.Height + y) * shape.Width + z) * shape.Channels + channel]
            : x[((image * shape.Channels + channel) * shape.Height + y) * shape.Width + z];
    }

    private static List<string> Beyond(FloatChecks checks)
    {
        const double Rounding = 2e-3;
        var (expected, observed) = (checks.Expected, checks.Observed);
        return
        [
            .. Enumerable.Range(0, expected.Rows.Length).Where(i => !(Math.Abs((double)expected.Rows[i] - observed.Rows[i]) < Rounding)).Select(i => $"row {i}"),
            .. Enumerable.Range(0, expected.Columns.Length).Where(i => !(Math.Abs((double)expected.Columns[i] - observed.Columns[i]) < Rounding)).Select(i => $"column {i}"),
        ];
    }
}
