using Drift.Kernels;
using Drift.Kernels.Ilgpu;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>Tensors that stay on a device, on every device, against what the host makes of the same values. Where a device rounds each step, which CUDA's assembler does not, the bits are the host's.</summary>
[TestFixtureSource(nameof(Fixtures))]
public sealed class TensorDeviceContract(BackendUnderTest under)
{
    private const int Samples = 2, Tokens = 5;

    private IGemmBackend _backend = null!;
    private ITensorDevice _device = null!;
    private Workspace _there = null!;

    public static IEnumerable<TestFixtureData> Fixtures() => BackendUnderTest.FixturesOf(BackendUnderTest.All().Where(backend => IlgpuBackend.Names.Contains(backend.Name)));

    [OneTimeSetUp]
    public void Open()
    {
        _backend = under.Open();
        _device = _backend.Tensors!;
        _there = _device.OpenWorkspace();
    }

    [OneTimeTearDown]
    public void Close()
    {
        _there?.Release();
        _backend?.Dispose();
    }

    [TestCase(48)]
    [TestCase(37, Description = "a ragged last vector")]
    [TestCase(7, Description = "less than a vector")]
    public void Norm_gate_and_activation_are_the_hosts(int width)
    {
        using var scope = _there.Begin();
        var (x, branch, parts) = (Rent(1, Samples, Tokens, width), Rent(2, Samples, Tokens, width), Rent(3, Samples, 3 * width));
        var normed = _there.Rent(Samples, Tokens, width);
        _device.Modulate(x, parts, 1, 1e-5f, normed);
        _device.AddGated(x, branch, parts, 2);
        _device.GeluTanh(branch);
        _device.Add(normed, x);

        var (truth, other) = (Values(1, Samples * Tokens * width), Values(2, Samples * Tokens * width));
        var modulation = Values(3, Samples * 3 * width);
        var expected = new float[truth.Length];
        for (var s = 0; s < Samples; s++)
        {
            Span<float> share = truth.AsSpan(s * Tokens * width, Tokens * width), of = modulation.AsSpan(s * 3 * width, 3 * width);
            LayerNorm.Modulate(share, of.Slice(2 * width, width), of.Slice(width, width), 1e-5f, expected.AsSpan(s * Tokens * width));
            GatedSum.Add(share, other.AsSpan(s * Tokens * width, Tokens * width), of.Slice(2 * width, width));
        }

        Gelu.Tanh(other);
        Activation.Add(expected, truth);
        Assert.Multiple(() =>
        {
            Same(normed.Span, expected, "norm, and a sum");
            Same(x.Span, truth, "gate");
            Same(branch.Span, other, "activation");
        });
    }

    [TestCase(11, 37, 20, true)]
    [TestCase(8, 64, 7, false)]
    public void A_layer_in_fp32_is_the_hosts(int rows, int n, int k, bool hasBias)
    {
        using var scope = _there.Begin();
        var (x, y) = (Rent(8, rows, k), _there.Rent(rows, n));
        var (weights, bias) = (FloatGemm.Pack(Values(9, n * k), n, k), hasBias ? Values(10, n) : []);
        _device.Linear(x, weights, bias, y);
        var truth = new float[rows * n];
        FloatGemm.Multiply(Values(8, rows * k), rows, weights, bias, truth);
        Same(y.Span, truth, "layer");
        Assert.Throws<ArgumentException>(() => _device.Linear(y, weights, bias, x));
    }

    [TestCase(7, 6, 5, 19, 3, 1, 1, true)]
    [TestCase(5, 8, 12, 4, 3, 2, 1, false, Description = "every second pixel")]
    [TestCase(4, 3, 9, 34, 1, 1, 0, true, Description = "windows of one pixel")]
    [TestCase(4, 5, 3, 6, 2, 2, 0, true, Description = "a last column that no window covers")]
    public void A_convolution_in_fp32_is_the_hosts(int height, int width, int channels, int filters, int kernel, int stride, int padding, bool hasBias)
    {
        using var scope = _there.Begin();
        var shape = new ConvolutionShape(Samples, height, width, channels, filters, kernel) { Stride = stride, Padding = padding };
        var (_, n, k) = shape.Product;
        var (x, y) = (Rent(11, Samples, height, width, channels), _there.Rent(Samples, shape.OutHeight, shape.OutWidth, filters));
        var (weights, bias) = (FloatGemm.Pack(Values(12, n * k), n, k), hasBias ? Values(13, n) : []);
        _device.Convolve(x, shape, weights, bias, y);
        var truth = new float[y.Length];
        FloatConvolution.Multiply(shape, Values(11, x.Length), [weights], bias, truth);
        Same(y.Span, truth, "convolution");
        var (layers, most) = (((IlgpuTensors)_device).Linears, ((IlgpuTensors)_device).Linears.MostWindowValues);
        y.Span.Clear();
        layers.MostWindowValues = 2 * 8 * k + 1;
        try
        {
            _device.Convolve(x, shape, weights, bias, y);
        }
        finally
        {
            layers.MostWindowValues = most;
        }

        Same(y.Span, truth, "windows of sixteen pixels at a time");
        Assert.Throws<ArgumentException>(() => _device.Convolve(x, shape with { Kernel = kernel + 1, Padding = padding + 1 }, weights, bias, y), "filters of another window");
    }

    [TestCase(70, 20, 5, Description = "more than a run of pixels")]
    [TestCase(64, 32, 32)]
    [TestCase(1, 6, 2)]
    public void Norms_with_learned_factors_are_the_hosts(int pixels, int channels, int groups)
    {
        using var scope = _there.Begin();
        var (x, rows, normed) = (Rent(14, Samples, pixels, channels), _there.Rent(Samples, pixels, channels), _there.Rent(Samples, pixels, channels));
        var (gamma, beta) = (Values(15, channels), Values(16, channels));
        _device.NormaliseRows(x, gamma, beta, 1e-5f, rows);
        // An OpenCL device without fp64 leaves it to the host; these here have it.
        Assert.That(_device.TryNormaliseGroups(x, groups, gamma, beta, 1e-6f, normed));
        var (values, truth) = (Values(14, x.Length), new float[x.Length]);
        LayerNorm.Affine(values, gamma, beta, 1e-5f, truth);
        Same(rows.Span, truth, "rows");
        var expected = new Tensor(Samples, pixels, channels);
        GroupNorm.Apply(new Tensor(values, Samples, pixels, channels), groups, 1e-6f, gamma, beta, expected);
        Same(normed.Span, expected.Span, "groups");
        _device.TryNormaliseGroups(x, groups, gamma, beta, 1e-6f, x);
        Same(x.Span, expected.Span, "groups in place");
        Assert.Throws<ArgumentException>(() => _device.TryNormaliseGroups(x, groups, gamma[1..], beta, 1e-6f, x));
    }

    [Test]
    public void Gates_and_sums_of_pictures_are_the_hosts()
    {
        using var scope = _there.Begin();
        const int Width = 19;
        var (wide, gated, addends) = (Rent(17, Samples, Tokens, 2 * Width), _there.Rent(Samples, Tokens, Width), Rent(18, Samples, Width));
        _device.GateGelu(wide, gated);
        var truth = new float[gated.Length];
        Gelu.Gate(Values(17, wide.Length), Width, truth);
        Same(gated.Span, truth, "gate");
        _device.Silu(gated);
        Activation.Silu(truth);
        Same(gated.Span, truth, "activation");
        _device.AddToRows(gated, addends);
        for (var s = 0; s < Samples; s++)
            Activation.AddToRows(truth.AsSpan(s * Tokens * Width, Tokens * Width), Values(18, Samples * Width).AsSpan(s * Width, Width));
        Same(gated.Span, truth, "sums of rows");
        Assert.Throws<ArgumentException>(() => _device.GateGelu(gated, gated));
    }

    [TestCase(6, 8)]
    [TestCase(5, 7, Description = "a last row and column left out")]
    public void Pixels_go_where_the_host_has_them(int height, int width)
    {
        using var scope = _there.Begin();
        int half = (height + 1) / 2, across = (width + 1) / 2;
        var (small, large, other, joined) = (Rent(19, Samples, half, across, 3), _there.Rent(Samples, height, width, 3), Rent(20, Samples, height, width, 2), _there.Rent(Samples, height, width, 5));
        _device.Double(small, large);
        _device.Join(large, other, joined);
        var planes = _there.Rent(Samples, 5, height, width);
        _device.Transpose(joined, 5, planes);
        var (truth, both, turned) = (new Tensor(Samples, height, width, 3), new Tensor(Samples, height, width, 5), new Tensor(Samples, 5, height, width));
        Resampling.Double(new Tensor(Values(19, small.Length), Samples, half, across, 3), truth);
        ChannelOrder.Join(truth, new Tensor(Values(20, other.Length), Samples, height, width, 2), both);
        ChannelOrder.ToFirst(both, turned);
        Assert.Multiple(() =>
        {
            Assert.That(large.Span.ToArray(), Is.EqualTo(truth.Span.ToArray()), "doubled");
            Assert.That(joined.Span.ToArray(), Is.EqualTo(both.Span.ToArray()), "side by side");
            Assert.That(planes.Span.ToArray(), Is.EqualTo(turned.Span.ToArray()), "channels first");
        });
        _device.Transpose(planes, height * width, joined);
        Assert.That(joined.Span.ToArray(), Is.EqualTo(both.Span.ToArray()), "and last again");
        Assert.Throws<ArgumentException>(() => _device.Double(large, small));
        Assert.Throws<ArgumentException>(() => _device.Join(large, small, joined));
        Assert.Throws<ArgumentException>(() => _device.Transpose(joined, 7, large));
    }

    [TestCase(9, 9, 2, 8)]
    [TestCase(5, 19, 3, 5, Description = "more keys than queries, ragged")]
    public void Attention_is_the_hosts(int tokens, int keys, int heads, int depth)
    {
        using var scope = _there.Begin();
        var width = heads * depth;
        AttentionCall Call(Tensor q, Tensor k, Tensor v, Tensor output) => new(q, k, v, tokens, heads, output) { KeyTokens = keys };
        var there = Call(Rent(4, Samples, tokens, width), Rent(5, Samples, keys, width), Rent(6, Samples, keys, width), _there.Rent(Samples, tokens, width));
        Assert.That(_device.TryAttend(there));
        var here = Call(
            new Tensor(Values(4, Samples * tokens * width), Samples, tokens, width), new Tensor(Values(5, Samples * keys * width), Samples, keys, width),
            new Tensor(Values(6, Samples * keys * width), Samples, keys, width), new Tensor(Samples, tokens, width));
        DotProductAttention.Run(here, new Workspace());
        Same(there.Output.Span, here.Output.Span, "attention");
        bool[] mask = [.. Enumerable.Range(0, Samples * keys).Select(key => key % 3 != 1)];
        Assert.That(_device.TryAttend(there with { KeyMask = mask }));
        DotProductAttention.Run(here with { KeyMask = mask }, new Workspace());
        Same(there.Output.Span, here.Output.Span, "attention under a mask");
        Assert.That(_device.TryAttend(there with { Causal = true }), Is.False, "what the device does not know is the host's");
    }

    [Test]
    public void Values_go_where_they_are_asked_for_and_no_further()
    {
        using var scope = _there.Begin();
        var (x, host) = (Rent(7, 4, 6), new Tensor(4, 6));
        Assert.That((x.DeviceWith(x), x.DeviceWith(host), host.DeviceWith(x)), Is.EqualTo((default(ITensorDevice), default(ITensorDevice), default(ITensorDevice))), "written by the host");
        var before = _device.Traffic;
        _device.GeluTanh(x);
        _device.GeluTanh(x.Slice(1, 2));
        Assert.That(_device.Traffic - before, Is.EqualTo(new DeviceTraffic(0, 0, 1, 4 * 6 * sizeof(float))), "sent once");
        Assert.That(x.DeviceWith(x), Is.SameAs(_device));
        var truth = Values(7, 24);
        Gelu.Tanh(truth);
        Gelu.Tanh(truth.AsSpan(6, 12));
        Same(x.Span, truth, "the slice is the tensor's");
        Same(x.Span, truth, "and stays the host's");
        Assert.That((_device.Traffic - before).RoundTrips, Is.EqualTo(1));
        Assert.Throws<ArgumentException>(() => _device.GeluTanh(host));
    }

    [Test]
    public void Rows_are_as_many_as_a_large_picture_has_pixels()
    {
        // A GPU's second grid dimension ends at 65,535. The simulator has none, and takes its time.
        var pixels = under.Name == IlgpuBackend.Cpu ? 700 : 70_000;
        const int Channels = 8;
        using var scope = _there.Begin();
        var (x, normed, addends) = (Rent(21, 1, pixels, Channels), _there.Rent(1, pixels, Channels), Rent(22, 1, Channels));
        var (gamma, beta) = (Values(23, Channels), Values(24, Channels));
        Assert.That(_device.TryNormaliseGroups(x, 2, gamma, beta, 1e-6f, normed));
        _device.AddToRows(normed, addends);
        var truth = new Tensor(1, pixels, Channels);
        GroupNorm.Apply(new Tensor(Values(21, x.Length), 1, pixels, Channels), 2, 1e-6f, gamma, beta, truth);
        Activation.AddToRows(truth.Span, Values(22, Channels));
        Assert.That(Error(normed.Span, truth.Span), Is.LessThanOrEqualTo(Allowed(truth.Span)), "norm, and a sum");

        var (weights, y, product) = (FloatGemm.Pack(Values(25, 3 * Channels), 3, Channels), _there.Rent(1, pixels, 3), new float[pixels * 3]);
        _device.Linear(x, weights, Values(26, 3), y);
        FloatGemm.Multiply(Values(21, x.Length), pixels, weights, Values(26, 3), product);
        Assert.That(Error(y.Span, product), Is.LessThanOrEqualTo(Allowed(product)), "layer");
    }

    private Tensor Rent(int seed, params int[] shape)
    {
        var tensor = _there.Rent(shape);
        Values(seed, tensor.Length).CopyTo(tensor.Span);
        return tensor;
    }

    private void Same(ReadOnlySpan<float> found, ReadOnlySpan<float> truth, string what)
    {
        if (under.Name == IlgpuBackend.Cuda)
            Assert.That(found.ToArray(), Is.EqualTo(truth.ToArray()).Within(Allowed(truth)), what);
        else
            Assert.That(found.ToArray(), Is.EqualTo(truth.ToArray()), what);
    }

    /// <summary>A GPU's compiler fuses where the host does not: by so much of the largest value.</summary>
    private double Allowed(ReadOnlySpan<float> truth) => under.Name == IlgpuBackend.Cuda ? 2e-6 * truth.ToArray().Max(MathF.Abs) : 0;

    /// <summary>The largest distance; NaN where one is.</summary>
    private static double Error(ReadOnlySpan<float> found, ReadOnlySpan<float> truth)
    {
        Assert.That(found.Length, Is.EqualTo(truth.Length));
        var error = 0.0;
        for (var i = 0; i < found.Length; i++)
            error = Math.Max(error, Math.Abs((double)found[i] - truth[i]));
        return error;
    }

    private static float[] Values(int seed, int count)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => ((random.NextSingle() * 2) - 1) * 3)];
    }
}
