using Drift.Abft;
using Drift.Kernels;
using Drift.Kernels.Ilgpu;
using Drift.Models;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>Kernels around the product, on every device, against what the host does: quantising, line sums, the way out, mending, the offload layout.</summary>
[TestFixtureSource(nameof(Fixtures))]
public sealed class LayerKernelContract(BackendUnderTest under)
{
    private const int Rows = 37, Width = 45, Words = 12, Padded = 40, Tile = 16;

    private LayerOperations _device = null!;

    public static IEnumerable<TestFixtureData> Fixtures() => BackendUnderTest.FixturesOf(BackendUnderTest.All().Where(backend => IlgpuBackend.Names.Contains(backend.Name)));

    [OneTimeSetUp]
    public void Open()
    {
        under.Open().Dispose();
        _device = new LayerOperations(under.Name, under.Variant == "O2");
    }

    [OneTimeTearDown]
    public void Close() => _device?.Dispose();

    [TestCase(Rows)]
    [TestCase(1)]
    public void Codes_and_their_sums_are_the_hosts(int rowsOfGroup)
    {
        var values = Values(1, Rows * Width);
        // A tie, a value that rounds to the largest code, and a group of zeros where groups are rows.
        values.AsSpan(3 * Width, Width).Clear();
        (values[0], values[1], values[2]) = (127, 0.5f, 126.5f);
        var e = new QuantiseExtents(Rows, Padded, Width, Words, rowsOfGroup, Tile);
        int[] codes = new int[Padded * Words], pairs = new int[PairRows.Length(3, DirectTile.Rows, Words)];
        _device.Quantise(values, e, codes, pairs);

        var truth = new sbyte[Padded * Words * 4];
        for (var row = 0; row < Rows; row += rowsOfGroup)
        {
            var group = values.AsSpan(row * Width, rowsOfGroup * Width);
            Quantizer.Quantise(group, Width, Quantizer.Scale(group), truth.AsSpan(row * Words * 4), Words * 4);
        }

        var found = codes.SelectMany(BitConverter.GetBytes).Select(code => (sbyte)code).ToArray();
        Assert.That(found, Is.EqualTo(truth));
        for (var tile = 0; tile < 3; tile++)
        {
            for (var k = 0; k < Words * 4; k++)
            {
                var word = pairs[PairRows.Place(tile, k / 4, DirectTile.Rows, Words) + (k % 2 * DirectTile.Rows)];
                var sum = Enumerable.Range(tile * Tile, Tile).Where(row => row < Rows).Sum(row => truth[(row * Words * 4) + k]);
                Assert.That(k % 4 < 2 ? (short)word : word >> 16, Is.EqualTo(sum), $"tile {tile}, k {k}");
            }
        }
    }

    [TestCase(150, 45, 150, 64)]
    [TestCase(150, 60, 1, 64)]
    [TestCase(150, 60, 150, 64)]
    [TestCase(150, 60, 50, 128, Description = "fewer words a group, four lines a thread")]
    [TestCase(150, 45, 1, 128)]
    public void Codes_sums_as_digits_are_the_hosts(int rows, int width, int rowsOfGroup, int edge)
    {
        if (under.Name == IlgpuBackend.Cpu)
            Assert.Ignore("a group of 256 items is as many threads in the simulator");
        const int Across = 16, Rounded = 256;
        var tiles = (rows + edge - 1) / edge;
        var values = Values(5, rows * width);
        var e = new QuantiseExtents(rows, Rounded, width, Across, rowsOfGroup, edge);
        int[] codes = new int[Rounded * Across], digits = new int[DigitLines.Rows(tiles) * Across];
        _device.QuantiseDigits(values, e, codes, digits);

        var truth = new sbyte[Rounded * Across * 4];
        for (var row = 0; row < rows; row += rowsOfGroup)
        {
            var group = values.AsSpan(row * width, rowsOfGroup * width);
            Quantizer.Quantise(group, width, Quantizer.Scale(group), truth.AsSpan(row * Across * 4), Across * 4);
        }

        Assert.That(Bytes(codes), Is.EqualTo(truth));
        var found = Bytes(digits);
        for (var tile = 0; tile < tiles; tile++)
        {
            for (var k = 0; k < Across * 4; k++)
            {
                var sum = Enumerable.Range(tile * edge, edge).Where(row => row < rows).Sum(row => truth[(row * Across * 4) + k]);
                Assert.That(256 * found[(DigitLines.At(tile) * Across * 4) + k] + found[((DigitLines.At(tile) + 8) * Across * 4) + k], Is.EqualTo(sum), $"tile {tile}, k {k}");
            }
        }

        static sbyte[] Bytes(int[] words) => [.. words.SelectMany(BitConverter.GetBytes).Select(value => (sbyte)value)];
    }

    [TestCase(Rows, Width, 21, 1)]
    [TestCase(Rows, Width, 21, Rows)]
    [TestCase(70_000, 3, 8, 1, Description = "more rows than the 65,535 of a GPU's second grid dimension")]
    public void Accumulators_leave_as_on_the_host(int rows, int width, int n, int rowsOfGroup)
    {
        const int Stride = 32;
        // The simulator has no grid, and takes its time.
        rows = under.Name == IlgpuBackend.Cpu ? Math.Min(rows, 700) : rows;
        var random = new Random(2);
        var values = Values(3, rows * width);
        int[] c = [.. Enumerable.Range(0, rows * Stride).Select(_ => random.Next(int.MinValue, int.MaxValue) >> random.Next(1, 24))];
        var (weights, bias) = (Values(4, n), Values(5, n));
        var found = new float[rows * n];
        _device.Leave(
            values, new QuantiseExtents(rows, rows, width, Words, rowsOfGroup, Tile), c, weights, bias, Epilogue.LargestProduct, new OutputExtents(rows, n, Stride, Tile, 0, 0, 0), found);

        using var output = new GemmOutput();
        output.Resize(new GemmShape(rows, n, 1), n, rows, 0);
        for (var row = 0; row < rows; row++)
            c.AsSpan(row * Stride, n).CopyTo(output.Row(row));
        float[] activations = [.. Enumerable.Range(0, rows / rowsOfGroup).Select(group => Quantizer.Scale(values.AsSpan(group * rowsOfGroup * width, rowsOfGroup * width)))];
        var truth = new float[rows * n];
        new Epilogue(activations, weights, bias).Apply(output, null, truth);
        Assert.That(found, Is.EqualTo(truth));
    }

    [Test]
    public void Mending_is_rollback([Values] bool remembered)
    {
        const int N = 50, Threshold = 1 << 12;
        var product = new GemmCase(Rows, N, 20, Tile);
        using var reference = new ReferenceBackend();
        using var output = new GemmOutput();
        using var weights = reference.Prepare(product.W, N, 20, Tile);
        var plan = FaultPlan.Of(Rows, N, [new(3, 7, 30), new(3, 40, 12), new(20, 33, 31), new(36, 49, 13), new(36, 10, 3)]);
        reference.Multiply(product.Call(weights), plan, output);

        var finding = new Finding();
        new ThresholdRule(Threshold).Judge(output.Expected, output.Observed, finding);
        using var store = new CheckpointStore(new TileRepackedLayout(Tile));
        var (then, now) = (Values(6, Rows * N), Values(7, Rows * N));
        var scale = Quantizer.Scale(then);
        store.Save(default, 0, new LayerOutput(Rows, N, then, [scale]));
        store.TryGet(default, 1, out var checkpoint);
        var mended = now.ToArray();
        var repair = new Rollback().Mend(finding, remembered ? checkpoint : null, new LayerOutput(Rows, N, mended));
        Assert.That(repair.Elements, Is.GreaterThan(0));

        var layout = new SumLayout(Rows, N, Padded, 64, Tile);
        var e = new OutputExtents(Rows, N, 64, Tile, layout.TileStride, Threshold - 1, Tile);
        var codes = new sbyte[Rows * N];
        var largest = then.Max(MathF.Abs);
        _device.Repack(then, largest, e, codes);
        var report = _device.Mend(Laid(layout, output), layout, remembered ? largest : 0, e, now);
        Assert.Multiple(() =>
        {
            Assert.That(codes, Is.EqualTo(checkpoint!.Codes.ToArray()), "the offload layout");
            Assert.That(now, Is.EqualTo(mended));
            Assert.That(report[..3], Is.EqualTo(new[] { finding.FlaggedRows, finding.FlaggedColumns, repair.Elements }));
            Assert.That(remembered ? report[3] : 0, Is.EqualTo(repair.RestoredBytes));
        });
    }

    /// <summary>A product's sums as the device has them.</summary>
    private static int[] Laid(SumLayout layout, GemmOutput output)
    {
        var all = new int[layout.Length];
        var (rows, columns) = (Padded * layout.TileStride, (layout.Length / 2) - (Padded * layout.TileStride));
        foreach (var (sums, which) in new[] { (output.Expected, 0), (output.Observed, 1) })
        {
            for (var i = 0; i < sums.M; i++)
                sums.Rows.Slice(i * sums.TileColumns, sums.TileColumns).CopyTo(all.AsSpan((which * rows) + (i * layout.TileStride)));
            for (var t = 0; t < sums.TileRows; t++)
                sums.Columns.Slice(t * sums.N, sums.N).CopyTo(all.AsSpan((2 * rows) + (which * columns) + (t * 64)));
        }

        return all;
    }

    private static float[] Values(int seed, int count)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => ((random.NextSingle() * 2) - 1) * 9)];
    }
}
