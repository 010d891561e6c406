using System.Globalization;
using Drift.Bench;
using Drift.Dvfs;
using Drift.Kernels;
using NUnit.Framework;

namespace Drift.Tests.Bench;

public sealed class CyclesCommandTests
{
    private string _folder = "";

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("drift-").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, true);

    [Test]
    public async Task The_three_reports_have_the_tools_columns()
    {
        var run = await Of("--config", Fixture("configs", "user10_ws.cfg"), "--topology", Fixture("topologies", "conv.csv"), "--out", Path.Combine(_folder, "r"));
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        var compute = Lines("COMPUTE_REPORT.csv");
        Assert.That(compute[0], Is.EqualTo("LayerID, Total Cycles (incl. prefetch), Total Cycles, Stall Cycles, Overall Util %, Mapping Efficiency %, Compute Util %,"));
        Assert.That(compute, Has.Length.EqualTo(6));
        // conv3x3 is the first layer: SCALE-Sim's row user10_ws_conv3x3.
        Assert.That(compute[1], Does.StartWith("0, 11860, 5593, 3844, 20.5"));
        Assert.That(Lines("BANDWIDTH_REPORT.csv")[0].Split(", "), Has.Length.EqualTo(7));
        var access = Lines("DETAILED_ACCESS_REPORT.csv");
        Assert.That(access[0], Does.EndWith("DRAM OFMAP Start Cycle, DRAM OFMAP Stop Cycle, DRAM OFMAP Writes,"));
        var values = access[1].TrimEnd(',').Split(", ");
        Assert.That((values[3], values[6], values[9], values[12], values[15], values[18]), Is.EqualTo(("36864", "4608", "40960", "65540", "4610", "40960")));
    }

    [Test]
    public async Task Without_memory_only_cycles_are_worked_out()
    {
        var run = await Of("--config", Fixture("configs", "calc_32x32_os.cfg"), "--topology", Fixture("topologies", "gemm.csv"), "--out", Path.Combine(_folder, "r"));
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(Lines("COMPUTE_REPORT.csv")[2], Does.StartWith("1, , 349631, 0, 94.89318"));
        Assert.That(File.Exists(Path.Combine(_folder, "r", "DETAILED_ACCESS_REPORT.csv")), Is.False);
        Assert.That(run.Out, Does.Contain("as in SCALE-Sim 3.0.0"));
    }

    [Test]
    public async Task Overlapped_folds_are_labelled()
    {
        var run = await Of("--config", Fixture("configs", "calc_32x32_os.cfg"), "--topology", Fixture("topologies", "gemm.csv"), "--folds", "overlapped");
        Assert.That(run.Out, Does.Contain("OVERLAPPED, which SCALE-Sim does not model"));
    }

    [Test]
    public async Task Ten_thousand_layers_take_less_than_a_second()
    {
        var path = Path.Combine(_folder, "many.csv");
        File.WriteAllLines(path, ["Layer, M, N, K,", .. Enumerable.Range(0, 10_000).Select(i => string.Create(CultureInfo.InvariantCulture, $"l{i}, {256 + i}, {1152 + i % 97}, {1152 + i % 31},"))]);
        var run = await Of("--config", Fixture("configs", "calc_32x32_ws.cfg"), "--topology", path);
        Assert.That(run.Out, Does.Contain("... and 9900 layers more"));
        var seconds = double.Parse(run.Out.Split("worked out in ")[1].Split(' ')[0], CultureInfo.InvariantCulture);
        Assert.That(seconds, Is.LessThan(1));
    }

    [Test]
    public async Task A_share_of_no_cycles_is_absent_and_an_operand_too_large_is_one_line()
    {
        // One MAC on one element: the last cycle is number 0, at which SCALE-Sim itself divides by nought.
        var (config, topology) = (Path.Combine(_folder, "one.cfg"), Path.Combine(_folder, "one.csv"));
        File.WriteAllText(config, File.ReadAllText(Fixture("configs", "calc_32x32_os.cfg")).Replace("ArrayHeight:    32", "ArrayHeight: 1").Replace("ArrayWidth:     32", "ArrayWidth: 1"));
        File.WriteAllText(topology, "Layer, M, N, K,\na, 1, 1, 1,\n");
        Assert.That((await Of("--config", config, "--topology", topology, "--memory", "--out", Path.Combine(_folder, "r"))).Error, Is.Empty);
        Assert.That(Lines("COMPUTE_REPORT.csv")[1], Does.EndWith(", 0, 0, , 100, 100,"));
        Assert.That(Lines("BANDWIDTH_REPORT.csv")[1], Does.StartWith("0, , , , "));
        File.WriteAllText(topology, "Layer, M, N, K,\nwide, 65536, 1, 65536,\n");
        var run = await Of("--config", Fixture("configs", "user10_ws.cfg"), "--topology", topology);
        Assert.That((run.ExitCode, run.Error.TrimEnd()), Is.EqualTo((ErrorPolicy.BadInput, $"drift: {topology}: layer wide: expected operands of at most 2147483647 elements, windows counted as often as they are fetched, 67108864 rows and 67108864 columns where SRAM and DRAM are simulated")));
    }

    [TestCase("40000, 40000, 1, 1, 2, 1, 1,")]
    [TestCase("40000, 40000, 1, 1, 1, 1, 1,")]
    [TestCase("10000, 10000, 10000, 10000, 1, 1, 1,")]
    public async Task A_convolution_too_large_to_simulate_is_one_line_before_any_memory_is_taken(string extents)
    {
        var topology = Path.Combine(_folder, "wide.csv");
        File.WriteAllText(topology, $"Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides,\na, {extents}\n");
        var run = await Of("--config", Fixture("configs", "user10_ws.cfg"), "--topology", topology);
        Assert.That((run.ExitCode, run.Error), Is.EqualTo((ErrorPolicy.BadInput,
            $"drift: {topology}: layer a: expected operands of at most 2147483647 elements, windows counted as often as they are fetched, 67108864 rows and 67108864 columns where SRAM and DRAM are simulated{Environment.NewLine}")));
        var (config, layer) = (ArrayConfig.Load(Fixture("configs", "user10_ws.cfg")), Topology.Load(topology)[0]);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<OverflowException>(() => LayerReport.Of(config, layer));
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(1 << 20));
    }

    [TestCase("--config nowhere.cfg --topology nowhere.csv", "--config", "nowhere.cfg")]
    [TestCase("--topology nowhere.csv", "--config")]
    [TestCase("--config CFG --topology nowhere.csv", "--topology", "nowhere.csv")]
    [TestCase("--config CFG --topology CFG", "user10_ws.cfg", "line 1")]
    [TestCase("--config CSV --topology CSV", "gemm.csv", "line 1")]
    [TestCase("--config CFG --topology CSV --folds both", "--folds", "serial, overlapped")]
    [TestCase("--config CFG --topology CSV --folds overlapped", "--folds", "serial")]
    public async Task Bad_input_is_one_line(string arguments, params string[] said)
    {
        var run = await Of([.. arguments.Split(' ').Select(word => word switch { "CFG" => Fixture("configs", "user10_ws.cfg"), "CSV" => Fixture("topologies", "gemm.csv"), _ => word })]);
        Assert.That(run.ExitCode, Is.EqualTo(ErrorPolicy.BadInput));
        Assert.That(run.Error.TrimEnd(), Does.StartWith("drift: ").And.Not.Contain('\n'));
        foreach (var words in said)
            Assert.That(run.Error, Does.Contain(words));
    }

    [Test]
    public void Traffic_that_fits_needs_no_simulation_of_its_order()
    {
        var config = ArrayConfig.Load(Fixture("configs", "calc4k_os.cfg"));
        var layer = new ArrayLayer("l", new GemmShape(19, 100, 100));
        var small = LayerReport.Of(config, layer, memory: true).Memory!;
        Assert.That(small.Input.DramWords, Is.EqualTo(1900), "1900 words never fill fifty sets of 40");
        Assert.That(small.Filter.DramWords, Is.EqualTo(10_000), "read once, in one row fold");
    }

    private static Task<Invocation> Of(params string[] arguments) => Invocation.Of(["cycles", .. arguments]);

    private static string Fixture(params string[] parts) => DataFolder.Path(["fixtures", "cycles", .. parts]);

    private string[] Lines(string report) => File.ReadAllLines(Path.Combine(_folder, "r", report));
}
