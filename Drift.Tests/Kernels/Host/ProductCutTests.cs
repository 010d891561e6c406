using Drift.Kernels;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>How products are cut for threads: every row in one block, borders where tiles end, and as much work for each thread as for the others. And the bits of many blocks on several threads.</summary>
public sealed class ProductCutTests
{
    private const int Call = 14, Panels = 40;

    [Test]
    public void Blocks_have_every_row_once_and_end_with_tiles_or_parts_of_them([Values(1, 13, 128, 256, 300, 4096)] int rows, [Values(0, 8, 32, 200, 255, 256)] int tile, [Values(64, 1152, 11520)] int stride,
        [Values(1, 2, 3, 8)] int threads)
    {
        var cut = new ProductCut(rows, tile, Call, stride, Panels, threads, copies: false);
        Assert.That((cut.Top(0), cut.Top(cut.Blocks)), Is.EqualTo((0, rows)));
        for (var block = 0; block < cut.Blocks; block++)
        {
            Assert.That(cut.Rows(block), Is.InRange(1, cut.BlockRows), $"block {block}");
            if (tile > 0)
                Assert.That(cut.Top(block + 1) == rows || cut.Top(block + 1) % tile == 0, Is.EqualTo(cut.EndsTile(block)), $"block {block}");
        }

        Assert.That(cut.Owners, Is.InRange(1, Math.Min(threads, cut.Blocks)));
        Assert.That(cut.IsShared, Is.EqualTo(threads > cut.Owners));
        Assert.That(cut.ColumnParts, Is.EqualTo(1).Or.InRange(2, Panels));
        // A tile is packed whole, so that its sums are.
        Assert.That(tile == 0 || cut.TileParts > 1 || cut.PackRows == Math.Min(tile, cut.BlockRows));
    }

    [TestCase(256, 0, 2)]
    [TestCase(256, 32, 2)]
    [TestCase(256, 256, 2)]
    [TestCase(4096, 0, 2)]
    [TestCase(4096, 32, 2)]
    [TestCase(4096, 256, 2)]
    [TestCase(4096, 128, 8)]
    public void Threads_have_as_many_rows_each(int rows, int tile, int threads)
    {
        foreach (var stride in (int[])[320, 1152, 2880, 11520])
        {
            var cut = new ProductCut(rows, tile, Call, stride, Panels, threads, copies: false);
            Assert.That(cut.IsShared, Is.False);
            var tops = Enumerable.Range(0, threads + 1).Select(thread => cut.Top(cut.Blocks * thread / threads));
            Assert.That(tops, Is.EqualTo(Enumerable.Range(0, threads + 1).Select(thread => rows / threads * thread)), $"stride {stride}");
        }
    }

    [Test]
    public void Shares_of_rows_that_every_thread_packs_meet_every_panel_once([Values(1, 13, 128, 256, 300)] int rows, [Values(0, 8, 32, 100, 128, 200, 256)] int tile, [Values(2, 3, 4, 24, 39, 72)] int panels, [Values(2, 4)] int threads)
    {
        var cut = new ProductCut(rows, tile, Call, 1152, panels, threads, copies: true);
        Assert.That(cut.IsCopied, Is.EqualTo(panels >= (rows < 96 * threads ? threads : 24 * (threads - 1)) && CacheSizes.BlockBytes / 1152 >= rows + 2 * (tile == 0 ? 0 : (rows + tile - 1) / tile)));
        if (!cut.IsCopied)
            return;
        var (met, parts) = (new bool[panels, rows], new List<int>());
        for (var share = 0; share < cut.ColumnParts; share++)
        {
            var (first, end, _, top, bottom, part) = cut.Share(0, share);
            Assert.That(bottom, Is.GreaterThan(top), $"share {share}");
            for (var panel = first; panel < end; panel++)
            {
                for (var row = top; row < bottom; row++)
                {
                    Assert.That(met[panel, row], Is.False, $"share {share}");
                    met[panel, row] = true;
                }
            }

            // Whole tiles, or a piece of one; a piece that does not begin it has column sums of its own.
            Assert.That(tile == 0 || top / tile == (bottom - 1) / tile || (top % tile == 0 && (bottom % tile == 0 || bottom == rows)), $"share {share}");
            Assert.That(part >= 0, Is.EqualTo(tile > 0 && top % tile != 0), $"share {share}");
            if (part >= 0)
                parts.Add(part);
        }

        Assert.That(met.Cast<bool>().Count(seen => seen), Is.EqualTo(panels * rows));
        Assert.That(parts, Is.Unique.And.All.LessThan(Math.Max(1, cut.SharedParts)));
    }

    [TestCase(1, 1, 1)]
    [TestCase(64, 2, 2)]
    [TestCase(191, 1, 1)]
    [TestCase(192, 1, 2)]
    [TestCase(64, 40, 40)]
    public void No_more_threads_than_have_rows_or_panels(int rows, int panels, int most) => Assert.That(ProductCut.MostThreads(rows, panels), Is.EqualTo(most));

    /// <summary>Every thread packs all rows, and takes panels; ranges end with panels that are cut by rows, within a tile too.</summary>
    [Test]
    public void Rows_that_every_thread_packs_have_the_bits_of_the_reference([ValueSource(nameof(Paths))] string path, [Values(2, 3)] int threads, [Values(0, 0.002)] double rate)
    {
        using var backend = new HostBackend(threads, path, new WorkerPool(threads));
        using var output = new GemmOutput();
        // The last ones are rows too few for blocks, beside as many panels as threads, and beside one.
        foreach (var (m, n, k) in ((int, int, int)[])[(250, 1700, 70), (60, 90, 1900), (90, 20, 2600)])
        {
            var plan = new FaultPlanner().Draw(3, new GemmSite(1, 2, GemmRole.Key), m, n, BitErrorProfile.Uniform(rate));
            foreach (var tiles in (ChecksumTiles[])[0, 32, 100, 128, 256, new(32, 256), new(32, 0, true), new(64, OddRows: true)])
                new GemmCase(m, n, k, tiles).CheckAgainstReference(backend, output, plan);
        }
    }

    [Test]
    public void Many_blocks_have_the_bits_of_the_reference([Values(2, 4)] int threads, [Values(0, 0.002)] double rate)
    {
        const int M = 460, N = 19, K = 2900;
        using var backend = new HostBackend(threads, null, new WorkerPool(threads));
        using var output = new GemmOutput();
        var plan = new FaultPlanner().Draw(3, new GemmSite(1, 2, GemmRole.Key), M, N, BitErrorProfile.Uniform(rate));
        foreach (var tiles in (ChecksumTiles[])[0, 32, 256, new(32, 256), new(32, 0, true), new(64, OddRows: true)])
            new GemmCase(M, N, K, tiles).CheckAgainstReference(backend, output, plan);
    }

    [Test]
    public void Blocks_of_a_convolution_have_the_same_bits_on_any_number_of_threads([Values(1, 2, 3)] int threads, [ValueSource(nameof(Tiles))] ChecksumTiles tiles)
    {
        using var kernel = Int8Kernels.Open(null);
        SameBits(kernel, tiles, threads);
    }

    /// <summary>The thread that has a block waits until another helps with it, for which that one leaves rows of its own.</summary>
    [Test]
    public void A_block_that_another_thread_helps_with_has_the_same_bits([ValueSource(nameof(Paths))] string path, [ValueSource(nameof(Tiles))] ChecksumTiles tiles)
    {
        using var kernel = new HeldKernel(Int8Kernels.Open(path));
        SameBits(kernel, tiles, 2);
        Assert.That(kernel.IsHelped);
    }

    private static IEnumerable<string> Paths() => HostBackend.InstructionPaths.Where(path => path.Missing is null).Select(path => path.Name);

    private static IEnumerable<ChecksumTiles> Tiles() => [0, 32, new(32, 256), new(32, OddRows: true)];

    /// <summary>A convolution against the product of its windows on one thread.</summary>
    private static void SameBits(Int8Kernel kernel, ChecksumTiles tiles, int threads)
    {
        // Panels enough that some are left to a helper.
        const int Filters = 300;
        var shape = new ConvolutionShape(1, 28, 28, 64, Filters, 3) { Padding = 1, Layout = ChannelLayout.Last };
        var random = new Random(4);
        sbyte[] Draw(int count) => [.. Enumerable.Range(0, count).Select(_ => (sbyte)random.Next(-128, 128))];
        var (input, filters) = (Draw(shape.InputLength), FilterOrder.OverWindow(Draw(Filters * 64 * 9), 64, 3));
        var (m, n, k) = shape.Product;
        var windows = new sbyte[m * k];
        using var one = new HostBackend();
        using var written = one.Prepare(filters, n, k, tiles);
        new GemmCall(input, shape, 0, written).CopyRows(0, m, windows, k);
        using var truth = new GemmOutput();
        one.Multiply(new GemmCall(windows, m, k, written), FaultPlan.None, truth);

        using var weights = new HostWeights(kernel, filters, n, k, tiles);
        using var output = new GemmOutput();
        using var product = new HostProduct();
        product.Run(new GemmCall(input, shape, 0, weights), weights, FaultPlan.None, output, new WorkerPool(threads), threads);
        Assert.That(Enumerable.Range(0, m).All(row => output.Row(row).SequenceEqual(truth.Row(row))));
        Assert.That(output.Observed.Rows.SequenceEqual(truth.Observed.Rows) && output.Expected.Rows.SequenceEqual(truth.Expected.Rows));
        Assert.That(output.Observed.Columns.SequenceEqual(truth.Observed.Columns) && output.Expected.Columns.SequenceEqual(truth.Expected.Columns));
    }
}
