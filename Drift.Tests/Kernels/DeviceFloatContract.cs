using System.Runtime.CompilerServices;
using Drift.Kernels;
using Drift.Kernels.Ilgpu;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>What every device owes in fp32: the host's bits, and line sums that tell a flip.</summary>
[TestFixtureSource(nameof(Fixtures))]
public sealed class DeviceFloatContract(BackendUnderTest under)
{
    private static readonly (int M, int N, int K)[] Shapes = [(1, 1, 1), (3, 33, 20), (33, 17, 5), (65, 70, 31), (140, 130, 12)];

    private readonly FloatOutput _output = new();
    private IDeviceProducts _device = null!;
    private FloatBackend _host = null!;

    public static IEnumerable<TestFixtureData> Fixtures() => BackendUnderTest.FixturesOf(
    [
        .. BackendUnderTest.All().Where(backend => IlgpuBackend.Names.Contains(backend.Name)),
        .. new[] { true, false }.Select(optimised => Block(IlgpuBackend.Cpu, optimised, FloatForm.SmallBlock)),
        .. new[] { true, false }.Select(optimised => Block(IlgpuBackend.OpenCL, optimised, FloatForm.Block)),
        .. new[] { true, false }.Select(optimised => Block(IlgpuBackend.OpenCL, optimised, FloatForm.MediumBlock)),
    ]);

    [OneTimeSetUp]
    public void Open()
    {
        _device = (IDeviceProducts)under.Open();
        _host = new FloatBackend();
    }

    [OneTimeTearDown]
    public void Close()
    {
        _device?.Dispose();
        _host?.Dispose();
    }

    [Test]
    public void Products_and_expected_sums_have_the_hosts_bits([Values(0, 16, 32, 128)] int tile)
    {
        foreach (var (m, n, k) in Shapes)
            Compare(m, n, k, tile, FaultPlan.None);
    }

    [Test]
    public void Long_chains_have_the_hosts_bits([Values(32, 64, 128)] int tile) => Compare(40, 33, 300, tile, FaultPlan.None);

    [Test]
    public void Sums_of_subnormal_numbers_are_kept([Values(16, 64, 128)] int tile) => Compare(3, 33, 20, tile, FaultPlan.None, 1e-20f);

    [TestCase(1280, 1300, Description = "whole blocks on one of 60 multiprocessors or more")]
    [TestCase(3000, 1500, Description = "288 blocks: shared by 264 groups on 132 multiprocessors, which cut some of them")]
    [TestCase(2000, 1150, Description = "144: shared by 132 groups")]
    public void Products_that_fill_a_GPU_have_the_hosts_bits(int m, int n)
    {
        if (under.Name != IlgpuBackend.Cuda)
            Assert.Ignore("smaller ones take the same way elsewhere");
        var plan = new FaultPlanner().Draw(3, new GemmSite(1, 2, GemmRole.Key), m, n, BitErrorProfile.Uniform(0.003));
        foreach (var tile in (int[])[0, 32, 128])
            Compare(m, n, 20, tile, plan);
    }

    [Test]
    public void Flips_are_the_hosts([Values(0, 32)] int tile)
    {
        var planner = new FaultPlanner();
        foreach (var (m, n, k) in Shapes)
            Compare(m, n, k, tile, planner.Draw(3, new GemmSite(1, 2, GemmRole.Key), m, n, BitErrorProfile.Uniform(0.02)));
    }

    [TestCase(3, 33, 20, 16)]
    [TestCase(65, 70, 31, 32)]
    [TestCase(65, 70, 31, 64)]
    [TestCase(140, 130, 12, 128)]
    public void Observed_sums_are_taken_of_parts_in_one_order(int m, int n, int k, int tile)
    {
        // A block that is as wide as its tile adds up either half of a row first. A GPU takes small ones for products as small as these.
        var edge = under.Variant.EndsWith(nameof(FloatForm.SmallBlock), StringComparison.Ordinal) ? 16
            : under.Name == IlgpuBackend.Cuda || under.Variant.EndsWith(nameof(FloatForm.MediumBlock), StringComparison.Ordinal) ? 64
            : under.Variant.EndsWith(nameof(FloatForm.Block), StringComparison.Ordinal) ? 128 : 0;
        var (wide, tall) = under.Variant is "O0" or "O2" && under.Name != IlgpuBackend.Cuda ? (16, 8) : (4, 8);
        using var product = _device.Float(Draw(m, m * k), Draw(n, n * k), new GemmShape(m, n, k), tile);
        product.Run();
        product.Read(_output);
        float At(int i, int j) => i < m && j < n ? _output.Row(i)[j] : 0;
        float Sum(int first, int count, Func<int, float> value) => count == 1 ? value(first) : Sum(first, count / 2, value) + Sum(first + count / 2, count / 2, value);
        float[] rows = new float[_output.Observed.Rows.Length], right = new float[rows.Length], columns = new float[_output.Observed.Columns.Length];
        // A part of a row adds quads to each other before it adds the four lanes; one of a column pairs of rows.
        for (var j = 0; j < n; j += wide)
        {
            for (var i = 0; i < m; i++)
                (tile == edge && j % tile >= tile / 2 ? right : rows)[(i * _output.Observed.TileColumns) + (j / tile)] += Sum(0, 4, lane => Sum(0, wide / 4, quad => At(i, j + (4 * quad) + lane)));
        }

        for (var i = 0; i < m; i += tall)
        {
            for (var j = 0; j < n; j++)
                columns[(i / tile * n) + j] += Sum(i, tall, row => At(row, j));
        }

        for (var i = 0; i < rows.Length; i++)
            rows[i] += right[i];
        Assert.That(Bits(_output.Observed.Rows), Is.EqualTo(Bits(rows)), "rows");
        Assert.That(Bits(_output.Observed.Columns), Is.EqualTo(Bits(columns)), "columns");
    }

    [Test]
    public void A_flip_shows_in_its_two_sums()
    {
        var (a, w) = (Draw(1, 40 * 20), Draw(2, 50 * 20));
        using var clean = _device.Float(a, w, new GemmShape(40, 50, 20), 32);
        clean.Run();
        clean.Read(_output);
        var (rows, columns) = (_output.Observed.Rows.ToArray(), _output.Observed.Columns.ToArray());
        using var faulty = _device.Float(a, w, new GemmShape(40, 50, 20), 32, FaultPlan.Of(40, 50, [new(35, 33, 30)]));
        faulty.Run();
        faulty.Read(_output);
        var observed = _output.Observed;
        Assert.That(Enumerable.Range(0, rows.Length).Where(i => observed.Rows[i] != rows[i]), Is.EqualTo(new[] { (35 * 2) + 1 }));
        Assert.That(Enumerable.Range(0, columns.Length).Where(i => observed.Columns[i] != columns[i]), Is.EqualTo(new[] { 50 + 33 }));
    }

    [Test]
    public void What_does_not_fit_is_refused()
    {
        Assert.Throws<ArgumentException>(() => _device.Float(new float[5], new float[6], new GemmShape(2, 2, 3), 0));
        Assert.Throws<ArgumentException>(() => _device.Float(new float[6], new float[5], new GemmShape(2, 2, 3), 0));
        Assert.Throws<ArgumentException>(() => _device.Float(new float[6], new float[6], new GemmShape(2, 2, 3), 4));
        Assert.Throws<ArgumentException>(() => _device.Float(new float[6], new float[6], new GemmShape(2, 2, 3), 0, FaultPlan.Of(3, 2, [new(2, 0, 1)])));
    }

    [Test]
    public void Integer_products_that_stay_have_the_bits_of_those_that_do_not()
    {
        var product = new GemmCase(40, 50, 23, 32);
        using var weights = _device.Prepare(product.W, 50, 23, 32);
        using GemmOutput once = new(), again = new();
        var plan = FaultPlan.Of(40, 50, [new(7, 45, 13)]);
        ((IGemmBackend)_device).Multiply(product.Call(weights), plan, once);
        using var resident = _device.Int8(product.Call(weights), plan);
        for (var run = 0; run < 2; run++)
        {
            resident.Run();
            resident.Read(again);
            Assert.That(again.Accumulators.ToArray(), Is.EqualTo(once.Accumulators.ToArray()));
            Assert.That(again.Observed.Rows.ToArray(), Is.EqualTo(once.Observed.Rows.ToArray()));
            Assert.That(again.Expected.Columns.ToArray(), Is.EqualTo(once.Expected.Columns.ToArray()));
        }
    }

    [Test]
    public void Convolutions_have_the_hosts_bits([Values(0, 16)] int tile)
    {
        foreach (var shape in new[] { new ConvolutionShape(2, 7, 5, 6, 20, 3) { Padding = 1 }, new ConvolutionShape(1, 8, 9, 4, 18, 3) { Stride = 2, Padding = 1, PaddingAfter = 0, Groups = 2 } })
        {
            var (input, (m, n, k)) = (Draw(5, shape.InputLength), shape.Product);
            var windows = new float[m * k];
            for (var group = 0; group < shape.Groups; group++)
            {
                Windows(input, shape, group, windows);
                var filters = Draw(group, n * k);
                var truth = new float[m * n];
                _host.Multiply(windows, k, m, FloatGemm.Pack(filters, n, k), [], truth, n);
                using var product = _device.Convolve(input, filters, shape, group, tile);
                product.Run();
                product.Read(_output);
                for (var i = 0; i < m; i++)
                    Assert.That(Bits(_output.Row(i)), Is.EqualTo(Bits(truth.AsSpan(i * n, n))), $"row {i} of {shape}");
            }
        }
    }

    [TestCase(1, 1, 1, false)]
    [TestCase(3, 33, 20, true)]
    [TestCase(65, 70, 31, true)]
    [TestCase(140, 130, 12, false)]
    public void Layers_of_tensors_have_the_hosts_bits(int rows, int n, int k, bool hasBias)
    {
        var tensors = ((IGemmBackend)_device).Tensors!;
        using var there = new Opened(tensors.OpenWorkspace());
        var (x, y) = (there.Workspace.Rent(rows, k), there.Workspace.Rent(rows, n));
        Draw(1, rows * k).CopyTo(x.Span);
        var (weights, bias, truth) = (FloatGemm.Pack(Draw(2, n * k), n, k), hasBias ? Draw(3, n) : [], new float[rows * n]);
        FloatGemm.Multiply(Draw(1, rows * k), rows, weights, bias, truth);
        for (var run = 0; run < 2; run++)
        {
            y.Span.Clear();
            tensors.Linear(x, weights, bias, y);
            Assert.That(Bits(y.Span), Is.EqualTo(Bits(truth)), $"run {run}");
        }
    }

    [TestCase(7, 6, 5, 19, 3, 1, 1)]
    [TestCase(9, 12, 12, 40, 3, 2, 1, Description = "every second pixel")]
    public void Convolutions_of_tensors_have_the_hosts_bits(int height, int width, int channels, int filters, int kernel, int stride, int padding)
    {
        var tensors = ((IGemmBackend)_device).Tensors!;
        using var there = new Opened(tensors.OpenWorkspace());
        var shape = new ConvolutionShape(2, height, width, channels, filters, kernel) { Stride = stride, Padding = padding };
        var (_, n, k) = shape.Product;
        var (x, y) = (there.Workspace.Rent(2, height, width, channels), there.Workspace.Rent(2, shape.OutHeight, shape.OutWidth, filters));
        Draw(1, x.Length).CopyTo(x.Span);
        var (weights, bias, truth) = (FloatGemm.Pack(Draw(2, n * k), n, k), Draw(3, n), new float[y.Length]);
        FloatConvolution.Multiply(shape, Draw(1, x.Length), [weights], bias, truth);
        var layers = ((IlgpuTensors)tensors).Linears;
        var most = layers.MostWindowValues;
        foreach (var values in (int[])[most, 1])
        {
            // 1: a group of rows at a time.
            layers.MostWindowValues = values;
            y.Span.Clear();
            tensors.Convolve(x, shape, weights, bias, y);
            Assert.That(Bits(y.Span), Is.EqualTo(Bits(truth)), $"at most {values} values at a time");
        }

        layers.MostWindowValues = most;
    }

    [Test]
    public void Weights_on_a_device_live_as_long_as_their_network()
    {
        var tensors = (IlgpuTensors)((IGemmBackend)_device).Tensors!;
        using var there = new Opened(tensors.OpenWorkspace());
        var (x, y) = (there.Workspace.Rent(3, 5), there.Workspace.Rent(3, 5));
        Draw(1, x.Length).CopyTo(x.Span);
        ResidentCopies layers = tensors.Linears.Copies, norms = tensors.Norms.Copies;
        var stays = Use(tensors, x, y, 2);
        UseAndForget(tensors, x, y, 3);
        Assert.That(Math.Min(layers.Count, norms.Count), Is.AtLeast(2 + 2), "whose networks are gone, perhaps not all of them yet");
        GC.Collect();
        // Whoever comes next finds the others gone.
        var last = Use(tensors, x, y, 9);
        Assert.That((layers.Count, norms.Count), Is.EqualTo((4, 4)), "weights, biases and factors of the two networks that are here");
        var truth = new float[y.Length];
        FloatGemm.Multiply(Draw(1, x.Length), 3, stays.Weights, stays.Bias, truth);
        tensors.Linear(x, stays.Weights, stays.Bias, y);
        Assert.That(Bits(y.Span), Is.EqualTo(Bits(truth)), "a network that stays");
        GC.KeepAlive((stays, last));
    }

    // Not inlined: a method's own temporaries may keep a network for as long as it runs.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void UseAndForget(IlgpuTensors tensors, Tensor x, Tensor y, int networks)
    {
        for (var network = 0; network < networks; network++)
            Use(tensors, x, y, network);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static (FloatWeights Weights, float[] Bias, float[] Gamma, float[] Beta) Use(IlgpuTensors tensors, Tensor x, Tensor y, int seed)
    {
        var network = (FloatGemm.Pack(Draw(seed, 5 * 5), 5, 5), Draw(seed, 5), Draw(seed + 1, 5), Draw(seed + 2, 5));
        tensors.Linear(x, network.Item1, network.Item2, y);
        tensors.NormaliseRows(x, network.Item3, network.Item4, 1e-5f, y);
        return network;
    }

    private sealed record Opened(Workspace Workspace) : IDisposable
    {
        public void Dispose() => Workspace.Release();
    }

    private static unsafe void Windows(float[] input, ConvolutionShape shape, int group, float[] windows)
    {
        fixed (float* from = input, to = windows)
            new WindowRows<float>(from, shape, group).Gather(0, shape.Product.M, 0, shape.Product.K, to, shape.Product.K);
    }

    private static BackendUnderTest Block(string name, bool optimised, FloatForm form) =>
        new(name, $"{(optimised ? "O2" : "O0")} {form}", () => new IlgpuBackend(name, optimised, DeviceTuning.Shipped(gpu: false) with { Float = form }));

    private void Compare(int m, int n, int k, int tile, FaultPlan faults, float factor = 1)
    {
        float[] Scaled(int seed, int count) => [.. Draw(seed, count).Select(x => x * factor)];
        var (a, w) = (Scaled(m, m * k), Scaled(n, n * k));
        var truth = new float[m * n];
        var checks = tile == 0 ? null : new FloatChecks();
        _host.Multiply(a, k, m, FloatGemm.Pack(w, n, k, tile), [], truth, n, faults, checks);
        using var product = _device.Float(a, w, new GemmShape(m, n, k), tile, faults);
        // Twice: what the first run left behind is nothing to the second.
        product.Run();
        product.Run();
        product.Read(_output);
        for (var i = 0; i < m; i++)
            Assert.That(Bits(_output.Row(i)), Is.EqualTo(Bits(truth.AsSpan(i * n, n))), $"row {i} of {m} x {n} x {k}, tile {tile}");
        if (checks is null)
            return;
        Assert.That(Bits(_output.Expected.Rows), Is.EqualTo(Bits(checks.Expected.Rows)), $"expected rows of {m} x {n} x {k}, tile {tile}");
        Assert.That(Bits(_output.Expected.Columns), Is.EqualTo(Bits(checks.Expected.Columns)), $"expected columns of {m} x {n} x {k}, tile {tile}");
        if (!faults.IsEmpty)
            return;
        Assert.That(_output.Observed.Rows.ToArray(), Is.EqualTo(checks.Observed.Rows.ToArray()).Within(1e-4 * factor * factor), $"observed rows of {m} x {n} x {k}, tile {tile}");
        Assert.That(_output.Observed.Columns.ToArray(), Is.EqualTo(checks.Observed.Columns.ToArray()).Within(1e-4 * factor * factor), $"observed columns of {m} x {n} x {k}, tile {tile}");
    }

    private static int[] Bits(ReadOnlySpan<float> values) => System.Runtime.InteropServices.MemoryMarshal.Cast<float, int>(values).ToArray();

    private static float[] Draw(int seed, int count)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() * 2) - 1)];
    }
}
