using Drift.Bench;
using Drift.Kernels;
using NUnit.Framework;

namespace Drift.Tests.Bench;

public sealed class RooflineTests
{
    [TestCase("int8", 2.0 * 4 * 6 * 8 / (4 * 8 + 6 * 8 + 4 * 4 * 6))]
    [TestCase("fp32", 2.0 * 4 * 6 * 8 / (4 * (4 * 8 + 6 * 8 + 4 * 6)))]
    [TestCase("bf16", 2.0 * 4 * 6 * 8 / (4 * 4 * 8 + 2 * 6 * 8 + 4 * 4 * 6))]
    public void A_product_stands_at_its_operations_a_byte(string type, double intensity)
    {
        var result = GemmResult.Of("roofline", type, new GemmShape(4, 6, 8), 1, "none", "GOP/s", new DuelTimes(2.0 * 4 * 6 * 8 / 50e9, null), null);
        var point = Roofline.Point(result, [new("other", 1), new(type, 200)]);
        Assert.That(point.Intensity, Is.EqualTo(intensity).Within(1e-12));
        Assert.That(point.Share, Is.EqualTo(0.25).Within(1e-12));
        Assert.That(Roofline.Point(result, []).Share, Is.Null, "no peak, no share");
    }

    [Test]
    public void The_picture_is_one_and_the_table_names_every_roof()
    {
        var result = GemmResult.Of("roofline", "int8", GemmLayer.Tiny.Shape, 1, "flat32", "GOP/s", new DuelTimes(1e-5, null), null);
        RoofPeak[] peaks = [new("int8", 937)];
        var report = new RooflineReport(new Dictionary<string, object?>(), 1, peaks, [new(256 << 10, 180), new(256L << 20, 29)], [Roofline.Point(result, peaks)]);
        Assert.That(RooflineChart.ToPng(report).AsSpan(0, 4).ToArray(), Is.EqualTo(new byte[] { 0x89, 0x50, 0x4E, 0x47 }));
        using var output = new StringWriter();
        RooflineTable.Print(output, report, ["bf16: absent"]);
        Assert.That(output.ToString(), Does.Contain("937 GOP/s").And.Contain("256 KiB: 180.0 GB/s").And.Contain("256 MiB").And.Contain("tiny qkv").And.Contain("bf16: absent"));
    }

    [Test]
    public void Every_type_of_product_has_a_roof_or_says_why_not()
    {
        Assert.That(PeakLoop.Types, Is.EqualTo(GemmKinds.Types));
        foreach (var type in PeakLoop.Types)
        {
            using var loop = PeakLoop.TryOpen(type, out var missing);
            Assert.That(loop is null, Is.EqualTo(missing is not null));
            loop?.Run();
        }

        Assert.That(() => PeakLoop.TryOpen("fp64", out _), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("int8, fp32, bf16"));
    }

    [Test]
    public void Products_apart_all_run_once_a_round()
    {
        Counted[] products = [new(), new(), new()];
        using (var together = new ProductsApart<float>(products))
        {
            together.Run();
            Assert.That(products.Select(product => product.Runs), Is.All.EqualTo(1));
            together.Run();
            Assert.That(products.Select(product => product.Runs), Is.All.EqualTo(2));
        }

        Assert.That(products.Select(product => product.Thread).Distinct().Count(), Is.EqualTo(3), "each on a thread of its own");
    }

    [Test]
    public void Libtorch_that_is_not_there_says_what_makes_it()
    {
        if (Environment.GetEnvironmentVariable(TorchRival.Variable) is null)
            Assert.That(new TorchRival().Missing(), Does.Contain("DRIFT_TORCH").And.Contain("eng/torch-cpu.sh"));
    }

    [Test]
    public void Every_layer_of_a_network_has_a_name_of_its_own()
    {
        var layers = GemmLayer.Sets.Values.SelectMany(set => set).ToList();
        Assert.That(layers.Select(layer => layer.Label), Is.Unique);
        Assert.That(layers.Select(layer => layer.Shape), Is.Unique);
        foreach (var layer in layers)
            Assert.That(GemmLayer.LabelOf(layer.Shape.M, layer.Shape.N, layer.Shape.K), Is.EqualTo(layer.Label));
    }

    private sealed class Counted : IProduct<float>
    {
        private int _runs;

        public int Runs => Volatile.Read(ref _runs);

        public int Thread { get; private set; }

        public string Name => "counted";

        public void Run()
        {
            Thread = Environment.CurrentManagedThreadId;
            Interlocked.Increment(ref _runs);
        }

        public ReadOnlySpan<float> Row(int row) => default;

        public void Dispose()
        {
        }
    }
}
