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

    private Tensor Rent(int seed, params int[] shape)
    {
        var tensor = _there.Rent(shape);
        Values(seed, tensor.Length).CopyTo(tensor.Span);
        return tensor;
    }

    private void Same(ReadOnlySpan<float> found, ReadOnlySpan<float> truth, string what)
    {
        if (under.Name == IlgpuBackend.Cuda)
            Assert.That(found.ToArray(), Is.EqualTo(truth.ToArray()).Within(2e-6), what);
        else
            Assert.That(found.ToArray(), Is.EqualTo(truth.ToArray()), what);
    }

    private static float[] Values(int seed, int count)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => ((random.NextSingle() * 2) - 1) * 3)];
    }
}
