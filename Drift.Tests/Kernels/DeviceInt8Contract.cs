using Drift.Kernels;
using Drift.Kernels.Ilgpu;
using Drift.Models;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>What every device owes in INT8 with operands that stay there, run after run: the reference's bits, from codes and from fp32.</summary>
[TestFixtureSource(nameof(Fixtures))]
public sealed class DeviceInt8Contract(BackendUnderTest under)
{
    private static readonly (int M, int N, int K)[] Shapes = [(1, 1, 1), (37, 33, 20), (150, 70, 31), (300, 140, 200)];

    private readonly GemmOutput _expected = new(), _found = new();
    private IDeviceProducts _device = null!;

    public static IEnumerable<TestFixtureData> Fixtures() =>
        BackendUnderTest.FixturesOf([.. BackendUnderTest.All().Where(backend => IlgpuBackend.Names.Contains(backend.Name)), .. BackendUnderTest.Chosen()]);

    [OneTimeSetUp]
    public void Open() => _device = (IDeviceProducts)under.Open();

    [OneTimeTearDown]
    public void Close()
    {
        _device?.Dispose();
        _expected.Dispose();
        _found.Dispose();
    }

    [Test]
    public void Activations_are_quantised_and_summed_in_every_run([Values(0, 32, 64, 96, 128, 256)] int tile, [Values(0, 0.01)] double rate)
    {
        using var reference = new ReferenceBackend();
        // The simulator takes its time.
        foreach (var (m, n, k) in Shapes.Where(shape => under.Name != IlgpuBackend.Cpu || shape.M < 100))
        {
            var random = new Random(m);
            var values = Enumerable.Range(0, m * k).Select(_ => random.NextSingle() * 2 - 1).ToArray();
            var largest = values.Max(MathF.Abs);
            var codes = new sbyte[m * k];
            Quantizer.Quantise(values, k, Quantizer.Scale(values), codes, k);
            var w = Codes(random, n * k);
            var plan = rate == 0 ? FaultPlan.None : new FaultPlanner().Draw(3, new GemmSite(1, 2, GemmRole.Key), m, n, BitErrorProfile.Uniform(rate));
            using (var weights = reference.Prepare(w, n, k, tile))
                reference.Multiply(new GemmCall(codes, m, k, weights), plan, _expected);

            using var own = _device.Prepare(w, n, k, tile);
            using (var product = _device.Quantised(values, largest, own, plan))
                Compare(product, m, $"{m} x {n} x {k}, fp32");
            using (var product = _device.Int8(new GemmCall(codes, m, k, own), plan))
                Compare(product, m, $"{m} x {n} x {k}, codes");
        }
    }

    [Test]
    public void Products_that_fill_a_GPU_in_one_wave_have_the_hosts_bits([Values(32, 64, 96, 128, 256)] int tile)
    {
        if (under.Name != IlgpuBackend.Cuda)
            Assert.Ignore("there is one form of blocks elsewhere");
        const int K = 192;
        using var host = Backends.Open("host");
        // Where one wave ends depends on the GPU: some of these take blocks of 256 rows on one of 80 to 200 multiprocessors; the last one takes tall blocks at tile 128 on one of 132 (WarpGroupLaunch).
        foreach (var (m, n) in Enumerable.Range(1, 8).Select(i => (512 * i, 1280)).Append((2040, 2030)))
        {
            var random = new Random(m);
            sbyte[] a = Codes(random, m * K), w = Codes(random, n * K);
            var plan = new FaultPlanner().Draw(3, new GemmSite(1, 2, GemmRole.Key), m, n, BitErrorProfile.Uniform(0.003));
            using (var weights = host.Prepare(w, n, K, tile))
                host.Multiply(new GemmCall(a, m, K, weights), plan, _expected);
            using var own = _device.Prepare(w, n, K, tile);
            using var product = _device.Int8(new GemmCall(a, m, K, own), plan);
            Compare(product, m, $"{m} x {n}");
        }
    }

    [Test]
    public void A_family_that_was_asked_for_passed_its_trial()
    {
        if (under.Family is null)
            Assert.Ignore("the device's own choice");
        Assert.That(((IlgpuBackend)_device).Families[0], Is.EqualTo(under.Family), "else the direct family would be tested in its place");
    }

    [Test]
    public void What_does_not_fit_is_refused()
    {
        using var weights = _device.Prepare(new sbyte[6], 2, 3, 0);
        Assert.That(Assert.Throws<ArgumentException>(() => _device.Quantised(new float[4], 1, weights))!.Message, Does.Contain("4 activations").And.Contain("rows of 3"));
        Assert.Throws<ArgumentException>(() => _device.Quantised([], 1, weights));
        Assert.Throws<ArgumentOutOfRangeException>(() => _device.Quantised(new float[3], float.NaN, weights));
        using var reference = new ReferenceBackend();
        using var foreign = reference.Prepare(new sbyte[6], 2, 3, 0);
        Assert.Throws<ArgumentException>(() => _device.Quantised(new float[3], 1, foreign));
    }

    private static sbyte[] Codes(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => (sbyte)random.Next(sbyte.MinValue, sbyte.MaxValue + 1))];

    /// <summary>Twice: what a run adds up must begin at zero in the next.</summary>
    private void Compare(IDeviceProduct<GemmOutput> product, int rows, string what)
    {
        product.Run();
        product.Run(2);
        product.Read(_found);
        for (var i = 0; i < rows; i++)
            Assert.That(_found.Row(i).SequenceEqual(_expected.Row(i)), $"{what}: row {i}");
        Assert.That(_found.Expected.Rows.SequenceEqual(_expected.Expected.Rows), $"{what}: expected rows");
        Assert.That(_found.Expected.Columns.SequenceEqual(_expected.Expected.Columns), $"{what}: expected columns");
        Assert.That(_found.Observed.Rows.SequenceEqual(_expected.Observed.Rows), $"{what}: observed rows");
        Assert.That(_found.Observed.Columns.SequenceEqual(_expected.Observed.Columns), $"{what}: observed columns");
    }
}
