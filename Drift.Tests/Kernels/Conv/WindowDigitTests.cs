using Drift.Kernels;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>Convolutions whose windows meet a few columns of digits as they are packed, beside those whose windows meet them later, on every entry that runs here.</summary>
public sealed class WindowDigitTests
{
    private static IEnumerable<string> Paths() => HostBackend.InstructionPaths.Where(path => path.Missing is null).Select(path => path.Name);

    // Two, four and six columns of digits, and eight, which are too many; windows with and without neighbours; windows longer than a block of digits in the first-level cache; a tile that threads share; windows of which threads share the packing along K.
    private static IEnumerable<(ConvolutionShape Shape, ChecksumTiles Tiles)> Cases()
    {
        foreach (var filters in (int[])[20, 40, 96, 100])
        {
            foreach (var stride in (int[])[1, 2])
                yield return (new ConvolutionShape(1, 9, 11, 24, filters, 3) { Padding = 1, Stride = stride }, 32);
        }

        yield return (new ConvolutionShape(2, 5, 7, 470, 70, 3) { Padding = 1 }, 32);
        yield return (new ConvolutionShape(1, 5, 6, 470, 40, 3) { Padding = 1 }, 32);
        yield return (new ConvolutionShape(1, 18, 17, 24, 96, 3) { Padding = 1 }, new ChecksumTiles(32, 256));
        yield return (new ConvolutionShape(1, 40, 17, 24, 96, 3) { Padding = 1 }, new ChecksumTiles(32, 128));
    }

    [Test]
    public void Sums_are_those_of_the_reference([ValueSource(nameof(Paths))] string path, [Values(1, 2, 3)] int threads)
    {
        using var reference = new ReferenceBackend();
        using var backend = new HostBackend(threads, path, new WorkerPool(threads));
        using GemmOutput output = new(), truth = new();
        foreach (var (shape, tiles) in Cases())
        {
            var drawn = new ConvolutionCase(shape, 3);
            var (input, filters) = (drawn.Codes(shape.InputLength, 1), drawn.Codes(drawn.FilterValues, 2));
            var (m, n, _) = shape.Product;
            var plan = FaultPlan.Of(m, n, [new(0, 0, 5), new(m - 1, n - 1, 30)]);
            var (own, plain) = (Int8Convolution.Prepare(backend, shape, filters, tiles)[0], Int8Convolution.Prepare(reference, shape, filters, tiles)[0]);
            Int8Convolution.Multiply(backend, shape, input, [own], [plan], [output]);
            Int8Convolution.Multiply(reference, shape, input, [plain], [plan], [truth]);
            Assert.That(output.Expected.Rows.ToArray(), Is.EqualTo(truth.Expected.Rows.ToArray()).And.Some.Not.Zero, $"{shape}, {tiles}");
            Assert.That(output.Expected.Columns.ToArray(), Is.EqualTo(truth.Expected.Columns.ToArray()), $"{shape}, {tiles}");
            Assert.That(output.Observed.Rows.ToArray(), Is.EqualTo(truth.Observed.Rows.ToArray()), $"{shape}, {tiles}");
            Assert.That(output.Observed.Columns.ToArray(), Is.EqualTo(truth.Observed.Columns.ToArray()), $"{shape}, {tiles}");
            for (var row = 0; row < m; row++)
                Assert.That(output.Row(row).ToArray(), Is.EqualTo(truth.Row(row).ToArray()), $"{shape}, {tiles}");
            own.Dispose();
            plain.Dispose();
        }
    }
}
