using Drift.Kernels;
using Drift.Kernels.Ilgpu;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>What a device with tensor cores owes in fp16: exact products, added in fp32 in whatever order, and the plan's flips.</summary>
[TestFixtureSource(nameof(Fixtures))]
public sealed class DeviceHalfContract(BackendUnderTest under)
{
    private static readonly (int M, int N, int K)[] Shapes = [(1, 1, 1), (37, 33, 20), (150, 70, 31), (300, 140, 200), (520, 260, 1100)];

    private readonly FloatOutput _output = new();
    private IDeviceProducts _device = null!;

    public static IEnumerable<TestFixtureData> Fixtures() => BackendUnderTest.FixturesOf([.. BackendUnderTest.All().Where(Device), .. BackendUnderTest.Chosen().Where(Device)]);

    [OneTimeSetUp]
    public void Open() => _device = (IDeviceProducts)under.Open();

    [OneTimeTearDown]
    public void Close() => _device?.Dispose();

    [Test]
    public void Products_are_those_of_reals_within_the_bound_of_fp32_sums()
    {
        Require();
        foreach (var (m, n, k) in Shapes)
        {
            var random = new Random(k);
            Half[] a = Values(random, m * k), w = Values(random, n * k);
            using (var product = _device.Halves(a, w, new GemmShape(m, n, k)))
            {
                product.Run(2);
                product.Read(_output);
            }

            for (var i = 0; i < m; i++)
            {
                for (var j = 0; j < n; j++)
                {
                    double sum = 0, magnitude = 0;
                    for (var p = 0; p < k; p++)
                    {
                        var term = (double)a[i * k + p] * (double)w[j * k + p];
                        sum += term;
                        magnitude += Math.Abs(term);
                    }

                    // Every one of at most k + 1 additions cuts off at most the last place of a partial sum, which no magnitude exceeds.
                    Assert.That(_output.Row(i)[j], Is.EqualTo(sum).Within((k + 1) * Math.Pow(2, -23) * magnitude), $"{m} x {n} x {k}: {i}, {j}");
                }
            }
        }
    }

    [Test]
    public void Flips_are_the_plans()
    {
        Require();
        const int M = 150, N = 140, K = 64;
        var random = new Random(1);
        Half[] a = Values(random, M * K), w = Values(random, N * K);
        var plan = FaultPlan.Of(M, N, [new(0, 0, 30), new(17, 70, 3), new(31, 33, 0), new(100, 127, 12), new(M - 1, N - 1, 31)]);
        using (var product = _device.Halves(a, w, new GemmShape(M, N, K)))
        {
            product.Run();
            product.Read(_output);
        }

        var clean = Enumerable.Range(0, M).Select(i => _output.Row(i).ToArray()).ToArray();
        using (var product = _device.Halves(a, w, new GemmShape(M, N, K), plan))
        {
            product.Run();
            product.Read(_output);
        }

        var flips = new List<(int, int, int)>();
        for (var i = 0; i < M; i++)
        {
            for (var j = 0; j < N; j++)
            {
                var changed = BitConverter.SingleToInt32Bits(clean[i][j]) ^ BitConverter.SingleToInt32Bits(_output.Row(i)[j]);
                if (changed != 0)
                    flips.Add((i, j, changed));
            }
        }

        Assert.That(flips, Is.EqualTo(new[] { (0, 0, 1 << 30), (17, 70, 1 << 3), (31, 33, 1), (100, 127, 1 << 12), (M - 1, N - 1, 1 << 31) }));
    }

    [Test]
    public void What_does_not_fit_is_refused()
    {
        Require();
        Assert.That(Assert.Throws<ArgumentException>(() => _device.Halves(new Half[5], new Half[6], new GemmShape(2, 2, 3)))!.Message, Does.Contain("6 values").And.Contain("has 5"));
    }

    [Test]
    public void A_device_without_tensor_cores_says_what_it_wants()
    {
        if (_device.MultipliesHalves)
            Assert.Ignore("tensor cores are here");
        Assert.That(
            Assert.Throws<BackendUnavailableException>(() => _device.Halves(new Half[1], new Half[1], new GemmShape(1, 1, 1)))!.Message,
            Does.Contain(under.Name).And.Contain("tensor cores").And.Contain("sm_80"));
    }

    private static bool Device(BackendUnderTest backend) => IlgpuBackend.Names.Contains(backend.Name) && backend.Family != KernelFamilies.Dot;

    private static Half[] Values(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => (Half)(random.NextSingle() * 2 - 1))];

    private void Require()
    {
        if (!_device.MultipliesHalves)
            Assert.Ignore("no tensor cores");
    }
}
