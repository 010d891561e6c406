using Drift.Dvfs;
using Drift.Kernels;
using Drift.Models;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>A convolution through the INT8 backend, under faults and checks, as a linear layer over its windows.</summary>
public sealed class GuardedConvolutionTests
{
    private const int Height = 7, Width = 6, InChannels = 5, OutChannels = 34;

    private static readonly OperatingPoint Undervolted = OperatingPoint.Of(0.675, 2.0);

    private readonly Platform _platform = new(new ErrorModel(new FixedRate(0.004)),
        new AcceleratorCost(new SystolicArray(), EnergyModel.Load(DataFolder.Path("energy", "paper.csv"))));

    [TestCase(ScaleGroups.PerTensor, 3, 1, 1)]
    [TestCase(ScaleGroups.PerChannelAndToken, 3, 1, 1)]
    [TestCase(ScaleGroups.PerChannelAndToken, 3, 2, 1)]
    [TestCase(ScaleGroups.PerTensor, 1, 1, 0)]
    public void Without_faults_it_is_the_sum_of_the_codes_over_its_window(ScaleGroups groups, int kernel, int stride, int padding)
    {
        var layer = Layer(kernel, stride, padding);
        var weights = layer.Linear.Weight.ReadAll();
        var x = Input(2);
        var y = Run(layer, x, groups, OperatingPoint.Nominal, OutputForm.Wide, null, out _);
        for (var row = 0; row < y.Rows; row++)
        {
            var (image, pixel) = Math.DivRem(row, y.Shape[1] * y.Shape[2]);
            var window = Window(layer, x, image, pixel / y.Shape[2] * stride - padding, pixel % y.Shape[2] * stride - padding);
            // One picture a run, with both images: under one scale it is the whole input's.
            var scale = (groups == ScaleGroups.PerTensor ? Largest(x.Span) : Largest(window)) / 127;
            for (var o = 0; o < OutChannels; o += 11)
            {
                var weight = weights.AsSpan(o * layer.Linear.K, layer.Linear.K);
                var weightScale = (groups == ScaleGroups.PerTensor ? Largest(weights) : Largest(weight)) / 127;
                var sum = 0L;
                for (var k = 0; k < window.Length; k++)
                    sum += (long)MathF.Round(window[k] / scale) * (long)MathF.Round(weight[k] / weightScale);
                Assert.That(y.Span[row * OutChannels + o], Is.EqualTo(sum * scale * weightScale + layer.Linear.Bias[o]).Within(2e-5), $"image {image}, row {row}, channel {o}");
            }
        }
    }

    [Test]
    public void Its_faults_are_counted_found_and_mended()
    {
        var layer = Layer(3, 1, 1);
        var x = Input(2);
        var clean = Run(layer, x, ScaleGroups.PerChannelAndToken, OperatingPoint.Nominal, OutputForm.Wide, null, out _);
        var damaged = Run(layer, x, ScaleGroups.PerChannelAndToken, Undervolted, OutputForm.Wide, null, out var unguarded);
        var mended = Run(layer, x, ScaleGroups.PerChannelAndToken, Undervolted, OutputForm.Wide, Protection.Rollback(), out var guarded);
        Assert.Multiple(() =>
        {
            Assert.That(unguarded.FaultsInjected, Is.EqualTo(guarded.FaultsInjected).And.GreaterThan(3));
            Assert.That(guarded.ElementsMended, Is.Positive);
            Assert.That(guarded.MissedUnexplained + guarded.FalseAlarms, Is.Zero);
            Assert.That(RelativeError.Largest(damaged.Span, clean.Span), Is.GreaterThan(10));
            // Without a checkpoint the mended elements are 0, and no fault of this seed cancels another.
            Assert.That(RelativeError.Largest(mended.Span, clean.Span), Is.LessThanOrEqualTo(1));
            Assert.That(mended.Span.ToArray().Count(value => value == 0), Is.EqualTo(guarded.ElementsMended));
        });
    }

    [TestCase(ScaleGroups.PerTensor)]
    [TestCase(ScaleGroups.PerChannelAndToken)]
    public void A_picture_is_the_same_alone_and_among_others(ScaleGroups groups)
    {
        var layer = Layer(3, 2, 1);
        var x = Input(4);
        using var backend = new HostBackend();
        using var layers = new QuantisedLayers(backend, groups);
        var strategy = new Strategy(() => new UniformPolicy(Undervolted), OutputForm.Saturating, Protection.Rollback()) { Covers = _ => true };
        PictureRun[] runs = [new(new PictureRequest(1, 0)), new(new PictureRequest(2, 0))];
        var together = Output(layer, x);
        using (var unit = new GuardedGemm(_platform, strategy, layers, runs))
            unit.Convolve(new StepContext(3, 0, new Workspace()), x, layer, together);
        for (var i = 0; i < 2; i++)
        {
            var run = new PictureRun(runs[i].Request);
            var alone = Output(layer, x.Slice(2 * i, 2));
            using var unit = new GuardedGemm(_platform, strategy, layers, [run]);
            unit.Convolve(new StepContext(3, 0, new Workspace()), x.Slice(2 * i, 2), layer, alone);
            Assert.That(alone.Span.SequenceEqual(together.Slice(2 * i, 2).Span), $"picture {i}");
            Assert.That(run.Ledger, Is.EqualTo(runs[i].Ledger));
        }
    }

    [Test]
    public void Left_untouched_it_is_the_fp32_one_and_its_work_is_charged()
    {
        var (layer, x) = (Layer(3, 1, 1), Input(2));
        var expected = Output(layer, x);
        new FloatUnit().Convolve(new StepContext(0, 0, new Workspace()), x, layer, expected);
        using var backend = new HostBackend();
        using var layers = new QuantisedLayers(backend);
        var run = new PictureRun(new PictureRequest(1, 0));
        var strategy = new Strategy(() => new UniformPolicy(Undervolted), OutputForm.Saturating, null) { Covers = _ => false };
        using var unit = new GuardedGemm(_platform, strategy, layers, [run]);
        var actual = Output(layer, x);
        unit.Convolve(new StepContext(0, 0, new Workspace()), x, layer, actual);
        Assert.That(actual.Span.SequenceEqual(expected.Span));
        Assert.That(run.Ledger.Cost.Macs, Is.EqualTo(2L * Height * Width * OutChannels * InChannels * 9));
        Assert.That(run.Ledger.FaultsInjected, Is.Zero);
    }

    private Tensor Run(ConvolutionLayer layer, Tensor x, ScaleGroups groups, OperatingPoint point, OutputForm outputs, Protection? protection, out RunLedger ledger)
    {
        using var backend = new HostBackend();
        using var layers = new QuantisedLayers(backend, groups);
        var platform = point == OperatingPoint.Nominal ? _platform with { Errors = new ErrorModel(new FixedRate(0)) } : _platform;
        var run = new PictureRun(new PictureRequest(1, 0));
        using var unit = new GuardedGemm(platform, new Strategy(() => new UniformPolicy(point), outputs, protection) { Covers = _ => true }, layers, [run]);
        var y = Output(layer, x);
        unit.Convolve(new StepContext(0, 0, new Workspace()), x, layer, y);
        ledger = run.Ledger;
        return y;
    }

    /// <summary>Value by value, in the order kernel row, kernel column, channel.</summary>
    private static float[] Window(ConvolutionLayer layer, Tensor x, int image, int top, int left) =>
    [
        .. from i in Enumerable.Range(top, layer.Kernel)
           from j in Enumerable.Range(left, layer.Kernel)
           from c in Enumerable.Range(0, InChannels)
           select i is >= 0 and < Height && j is >= 0 and < Width ? x.Span[((image * Height + i) * Width + j) * InChannels + c] : 0,
    ];

    private static Tensor Output(ConvolutionLayer layer, Tensor x) => new(x.Shape[0], layer.Output(Height), layer.Output(Width), OutChannels);

    private static ConvolutionLayer Layer(int kernel, int stride, int padding) => new(new LayerKey(0, GemmRole.Convolution),
        Noise(OutChannels * InChannels * kernel * kernel, 1), Noise(OutChannels, 2), OutChannels, InChannels, kernel, stride, padding);

    private static Tensor Input(int images) => new(Noise(images * Height * Width * InChannels, 3), images, Height, Width, InChannels);

    private static float Largest(ReadOnlySpan<float> values)
    {
        var largest = 0f;
        foreach (var value in values)
            largest = MathF.Max(largest, MathF.Abs(value));
        return largest;
    }

    private static float[] Noise(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => 2 * random.NextSingle() - 1)];
    }
}
