using Drift.Kernels;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>Checksum tiles too long for the cache, whose rows are multiplied in turns, on every entry that runs here; and sums that are 0 until somebody asks.</summary>
public sealed class LongTileTests
{
    private const int K = 4700;

    private static IEnumerable<string> Paths() => HostBackend.InstructionPaths.Where(path => path.Missing is null).Select(path => path.Name);

    [Test]
    public void Turns_have_the_bits_of_the_reference([ValueSource(nameof(Paths))] string path, [Values(1, 2)] int threads, [Values(0, 0.002)] double rate)
    {
        using var backend = new HostBackend(threads, path, new WorkerPool(threads));
        using var output = new GemmOutput();
        var plan = new FaultPlanner().Draw(3, new GemmSite(1, 2, GemmRole.Key), 261, 37, BitErrorProfile.Uniform(rate));
        foreach (var tiles in (ChecksumTiles[])[256, 200, 32, 0, new(32, 256), new(50, 250), new(32, 0, true), new(128, OddRows: true), new(50, OddRows: true)])
            new GemmCase(261, 37, K, tiles).CheckAgainstReference(backend, output, plan);
    }

    [TestCase(2, 250, 340, 70)]
    [TestCase(2, 250, 9, K)]
    [TestCase(4, 500, 340, 70)]
    [TestCase(4, 470, 340, 70)]
    [TestCase(3, 300, 340, 70)]
    [TestCase(4, 384, 340, 70, Description = "tiles of 128 too")]
    public void A_tile_that_threads_share_has_the_bits_of_the_reference(int threads, int m, int n, int depth)
    {
        foreach (var path in Paths())
        {
            using var backend = new HostBackend(threads, path, new WorkerPool(threads));
            using var output = new GemmOutput();
            foreach (var tiles in (ChecksumTiles[])[256, 200, new(32, 256), new(128, OddRows: true)])
            {
                foreach (var rate in (double[])[0, 0.002])
                    new GemmCase(m, n, depth, tiles).CheckAgainstReference(backend, output, new FaultPlanner().Draw(3, new GemmSite(1, 2, GemmRole.Key), m, n, BitErrorProfile.Uniform(rate)));
            }
        }
    }

    [Test]
    public void A_last_panel_of_few_digits_has_the_bits_of_the_reference([Range(1, 5)] int tiles, [Values(1, 5, 31, 64, 300)] int k)
    {
        const int Tile = 32;
        using var output = new GemmOutput();
        foreach (var path in Paths())
        {
            using var backend = new HostBackend(1, path);
            // Beyond a whole panel of digits and within one.
            foreach (var n in (int[])[tiles * Tile, (16 + tiles) * Tile - 3])
                new GemmCase(19, n, k, Tile).CheckAgainstReference(backend, output);
        }
    }

    // Panels along K that half a first-level cache does not hold: of the most columns, and of the longest.
    [TestCase(12, 1300)]
    [TestCase(5, K)]
    public void Digits_in_blocks_of_K_have_the_bits_of_the_reference(int tiles, int k)
    {
        const int Tile = 8;
        using var backend = new HostBackend();
        using var output = new GemmOutput();
        Assert.That(CacheSizes.BlocksAlong((nint)tiles * Digits.Count * k), Is.GreaterThan(1));
        new GemmCase(19, tiles * Tile - 3, k, Tile).CheckAgainstReference(backend, output);
    }

    [Test]
    public void Sums_of_tiles_that_agree_are_0_and_written_when_asked_for()
    {
        using var backend = new HostBackend();
        using var output = new GemmOutput();
        new GemmCase(70, 66, 20, 32).CheckAgainstReference(backend, output);
        var operands = new GemmCase(70, 66, 20, new ChecksumTiles(32, 64));
        using var weights = backend.Prepare(operands.W, 66, 20, operands.Tiles);
        backend.Multiply(operands.Call(weights), FaultPlan.None, output);
        Assert.That(output.Expected.AreZero && output.Observed.AreZero);
        Assert.That(output.Observed.Columns.ToArray(), Is.EqualTo(new int[3 * 66]));
        Assert.That(output.Observed.Rows.ToArray(), Is.EqualTo(new int[70 * 3]));
        Assert.That(output.Observed.AreZero, Is.False);
        backend.Multiply(operands.Call(weights), FaultPlan.Of(70, 66, [new Flip(69, 0, 20)]), output);
        Assert.That(output.Observed.AreZero, Is.False);
        Assert.That(output.Observed.Columns[2 * 66] - output.Expected.Columns[2 * 66], Is.Not.Zero);
        Assert.That(output.Observed.Columns[0], Is.Zero);
    }
}
