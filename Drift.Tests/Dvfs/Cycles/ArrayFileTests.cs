using Drift.Dvfs;
using Drift.Kernels;
using NUnit.Framework;

namespace Drift.Tests.Dvfs.Cycles;

/// <summary>SCALE-Sim's own files, good and bad.</summary>
internal sealed class ArrayFileTests
{
    private const string Gemm = "Layer, M, N, K,\n";
    private const string Convolution = "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides,\n";
    private string _path = "";

    [SetUp]
    public void Name() => _path = Path.Combine(TestContext.CurrentContext.WorkDirectory, $"{Guid.NewGuid():N}");

    [TearDown]
    public void Delete() => File.Delete(_path);

    [Test]
    public void AConfiguration()
    {
        var config = ArrayConfig.Load(DataFolder.Path("fixtures", "cycles", "configs", "user4_is.cfg"));
        Assert.That(config.RunName, Is.EqualTo("user4_is"));
        Assert.That((config.Array.Rows, config.Array.Columns, config.Dataflow), Is.EqualTo((16, 16, Dataflow.InputStationary)));
        Assert.That((config.InputSram, config.FilterSram, config.OutputSram), Is.EqualTo((new Bytes(8192), new Bytes(8192), new Bytes(8192))));
        Assert.That(config.Bandwidth, Is.EqualTo(new PortBandwidth(4, 4, 4)));
        Assert.That(ArrayConfig.Load(DataFolder.Path("fixtures", "cycles", "configs", "calc4k_ws.cfg")).Bandwidth, Is.Null);
    }

    [TestCase("ArrayHeight:    16", "ArrayHeight:    0", 5, "from 1 to 65536 as ArrayHeight, not '0'")]
    [TestCase("ArrayWidth:     16\n", "", 4, "ArrayWidth in a section [architecture_presets]")]
    [TestCase("Dataflow : os", "Dataflow : rs", 13, "one of os, ws, is as Dataflow, not 'rs'")]
    [TestCase("IfmapSramSzkB:    8", "IfmapSramSzkB: many", 7, "not 'many'")]
    [TestCase("Bandwidth : 4", "Bandwidth : -4", 14, "as Bandwidth, not '-4'")]
    [TestCase("InterfaceBandwidth: USER", "InterfaceBandwidth: BOTH", 36, "one of CALC, USER as InterfaceBandwidth")]
    [TestCase("SparsitySupport : false", "SparsitySupport : true", 29, "SparsitySupport false: Drift has no such thing")]
    [TestCase("FilterCustomLayout: False", "FilterCustomLayout: True", 23, "FilterCustomLayout false")]
    [TestCase("IfmapSRAMBankNum: 1", "IfmapSRAMBankNum: 3", 20, "a multiple of IfmapSRAMBankNum, 3 as IfmapSRAMBankBandwidth, not '4'")]
    [TestCase("[general]\n", "general\n", 1, "[section], or a key = value below one, not 'general'")]
    [TestCase("ArrayWidth:     16", "ArrayHeight: 16", 6, "ArrayHeight once in [architecture_presets]")]
    public void ABadConfiguration(string from, string to, int line, string expected)
    {
        var text = File.ReadAllText(DataFolder.Path("fixtures", "cycles", "configs", "user4_os.cfg"));
        Assert.That(text, Does.Contain(from));
        Fails(() => ArrayConfig.Load(_path), text.Replace(from, to, StringComparison.Ordinal), line, expected);
    }

    [Test]
    public void ATopology()
    {
        var products = Topology.Load(DataFolder.Path("fixtures", "cycles", "topologies", "gemm.csv"));
        Assert.That(products, Has.Count.EqualTo(8));
        Assert.That(products[4], Is.EqualTo(new ArrayLayer("ragged_a", new GemmShape(77, 130, 65))));
        var uneven = Topology.Load(DataFolder.Path("fixtures", "cycles", "topologies", "conv.csv"))[^1];
        Assert.That(uneven.Shape, Is.EqualTo(new GemmShape(81, 24, 72)), "the output's extent is rounded up");
    }

    [TestCase("", 1, "the header of a topology")]
    [TestCase("Layer, M, N,\n", 1, "the header of a topology")]
    [TestCase(Gemm, 2, "at least one layer")]
    [TestCase("a, 1, 2, 3,\nb, 1, 2, 3,\n", 1, "the header of a topology")]
    [TestCase(Gemm + "a, 16777216, 16777216, 16777216,\n", 2, "at most 2^60 multiply-accumulates, not 16777216 x 16777216 x 16777216")]
    [TestCase(Convolution + "a, 16777216, 16777216, 1, 1, 1, 1, 1,\n", 2, "not 281474976710656 and 1")]
    [TestCase(Convolution + "a, 16000, 16000, 16000, 16000, 16000, 1, 1,\n", 2, "not 1 and 4096000000000")]
    [TestCase(Convolution + "a, 40000, 40000, 1, 1, 16777216, 16777216, 1,\n", 2, "at most 2^60 multiply-accumulates")]
    [TestCase(Gemm + "a, 1, 2,\n", 2, "4 fields as in the header, not 3")]
    [TestCase(Gemm + "a, 1, 2, 3,\nb, 1, 0, 3,\n", 3, "from 1 to 16777216 as N, not '0'")]
    [TestCase(Gemm + "a, 1, 2.5, 3,\n", 2, "not '2.5'")]
    [TestCase(Gemm + "a, 1, -2, 3,\n", 2, "not '-2'")]
    [TestCase(Convolution + "a, 4, 4, 5, 3, 1, 1, 1,\n", 2, "a filter of at most 4 x 4")]
    [TestCase(Convolution + "a, 4, 4, 3, 3, 1, 1, 1, 2:4,\n", 2, "8 fields as in the header, not 9")]
    [TestCase(Convolution + "a, 4, 4, 3, 3, 1, 1, 0,\n", 2, "as Strides, not '0'")]
    public void ABadTopology(string text, int line, string expected) => Fails(() => Topology.Load(_path), text, line, expected);

    [Test]
    public void StridesWiderThanTheFilterSkipPixels()
    {
        // Starts 0, 3, 6 of 7 rows: two whole windows of 2 and the single row that is left of the third.
        Assert.That(new ConvolutionWindow(7, 7, 2, 2, 3, 3).TouchedElements, Is.EqualTo(5 * 5 * 3));
        Assert.That(new ConvolutionWindow(6, 6, 1, 1, 1, 5).TouchedElements, Is.EqualTo(2 * 2));
    }

    private void Fails(Action load, string text, int line, string expected)
    {
        File.WriteAllText(_path, text);
        Assert.That(Assert.Throws<InvalidDataException>(() => load())!.Message, Does.StartWith($"{_path}, line {line}: expected ").And.Contain(expected).And.Not.Contain("\n"));
    }
}
