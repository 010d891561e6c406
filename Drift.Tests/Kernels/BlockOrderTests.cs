using Drift.Kernels.Ilgpu;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>How the blocks of an fp32 product on a GPU follow each other and are shared out; no GPU needed.</summary>
public sealed class BlockOrderTests
{
    private const int Edge = 128, Multiprocessors = 132;

    [TestCase(16, 9, 132, 0, Description = "144 blocks: one a multiprocessor and the rest shared, where 12 had been second ones")]
    [TestCase(16, 16, 256, 0, Description = "256: two groups a multiprocessor do more together")]
    [TestCase(16, 27, 264, 0, Description = "432 on 264 places")]
    [TestCase(64, 9, 264, 1, Description = "576: a round, and between one and two blocks each")]
    [TestCase(64, 64, 264, 14)]
    [TestCase(16, 8, 128, 0, Description = "128: nobody has a second one")]
    public void Groups_share_what_is_left_behind_the_rounds(int down, int across, int groups, int rounds)
    {
        var order = Order(down, across, tile: 0);
        Assert.That((order.Groups, order.Rounds, order.Product, order.Width), Is.EqualTo((groups, rounds, down * across, Edge)));
    }

    [TestCase(8, 8, 128, Description = "64 blocks: halves, one a multiprocessor")]
    [TestCase(9, 9, 132, Description = "81: 162 halves on 132")]
    public void Products_of_few_blocks_are_multiplied_in_halves(int down, int across, int groups)
    {
        var order = Order(down, across, tile: 0);
        Assert.That((order.Groups, order.Product, order.Width), Is.EqualTo((groups, 2 * down * across, Edge / 2)));
    }

    [TestCase(8, 2, 96, 8 * 1, 2 * 1, Description = "3 and 11 summed lines: one thin block each")]
    [TestCase(2, 32, 136, 2 * 2, 32 * 1, Description = "31 summed columns: two thin blocks of 16")]
    [TestCase(2, 33, 120, 2 * 1, 33 * 1, Description = "36: one half block of 64")]
    public void Summed_lines_take_thin_blocks_where_they_are_few(int down, int across, int tile, int ofRows, int ofColumns)
    {
        var order = Order(down, across, tile);
        Assert.That((order.OfRows.Count, order.OfColumns.Count), Is.EqualTo((ofRows, ofColumns)));
        Assert.That(order.Count, Is.EqualTo(order.Product + ofRows + ofColumns));
    }

    [Test]
    public void Every_slice_of_every_block_is_multiplied_once_and_in_order(
        [Values(1, 3, 8, 16, 31, 64)] int down, [Values(1, 8, 9, 27)] int across, [Values(0, 32, 128)] int tile, [Values(1, 2, 132)] int multiprocessors, [Values(8, 1152)] int depth, [Values] bool isShared)
    {
        var order = Order(down, across, tile, multiprocessors, depth, isShared);
        if (isShared)
            Assert.That(order.Groups, Is.InRange(1, 2 * multiprocessors), "all find room at once");
        var done = new int[order.Count];
        var left = new int?[order.Groups];
        for (var group = 0; group < order.Groups; group++)
        {
            // As FloatBlockKernel.Run goes through them.
            BlockCut first = order.Cut(group), last = order.Cut(group + 1);
            int whole = first.Slice > 0 ? first.Block + 1 : first.Block, plain = order.Rounds + last.Block - whole, items = 0;
            for (var item = last.Slice > 0 ? -1 : 0; item < (first.Slice > 0 ? plain + 1 : plain); item++, items++)
            {
                int block = item < 0 ? last.Block : item < order.Rounds ? item * order.Groups + group : item < plain ? whole + item - order.Rounds : first.Block;
                int from = item >= plain ? first.Slice : 0, to = item < 0 ? last.Slice : order.Slices;
                Assert.That(done[block], Is.EqualTo(from), $"block {block} of group {group}");
                Assert.That(to, Is.InRange(from + 1, order.Slices));
                if (from > 0)
                    Assert.That(left[group - 1], Is.EqualTo(block), "the group before left it");
                if (to < order.Slices)
                    (left[group], items) = (block, -1);
                done[block] = to;
            }

            Assert.That(items, Is.Positive, "who leaves something has more to do");
        }

        Assert.That(done, Is.All.EqualTo(order.Slices));
    }

    [TestCase(16, 9, 0, 1.09)]
    [TestCase(16, 9, 128, 1.15, Description = "25 thin blocks more")]
    [TestCase(8, 8, 128, 0.63, Description = "halves, and 16 thin blocks")]
    public void Shares_are_even(int down, int across, int tile, double blocks)
    {
        var order = Order(down, across, tile, Multiprocessors, 4608);
        double Cost(int block) => block < order.Product ? order.Width == Edge ? 1 : 0.61 : 0.3;
        for (var group = 0; group < order.Groups; group++)
        {
            BlockCut first = order.Cut(group), last = order.Cut(group + 1);
            var share = Enumerable.Range(first.Block, last.Block - first.Block).Sum(Cost) - (Cost(first.Block) * first.Slice / order.Slices);
            if (last.Slice > 0)
                share += Cost(last.Block) * last.Slice / order.Slices;
            Assert.That(share, Is.EqualTo(blocks).Within(0.02), $"group {group}");
        }
    }

    [TestCase(512, 512, true, Description = "16 blocks: most multiprocessors would be idle")]
    [TestCase(1024, 1024, false, Description = "64, in halves")]
    [TestCase(2048, 1152, false)]
    public void Smaller_blocks_are_taken_where_there_are_few(int m, int n, bool few) =>
        Assert.That(BlockOrder.AreFew(new(m, n, 64), Edge, Multiprocessors), Is.EqualTo(few));

    private static BlockOrder Order(int down, int across, int tile, int multiprocessors = Multiprocessors, int depth = 8, bool isShared = true)
    {
        int rows = down * Edge, columns = across * Edge;
        int linesAcross = Padded(IlgpuWeights.TilesIn(columns, tile)), linesDown = Padded(IlgpuWeights.TilesIn(rows, tile));
        return BlockOrder.Of(new FloatExtents(rows, rows, columns, columns, depth, columns + linesAcross, Edge, Edge, tile, 0, 0), rows + linesDown, Edge, multiprocessors, isShared);
    }

    private static int Padded(int lines) => IlgpuWeights.RoundUp(lines, BlockOrder.LineGroup(lines, Edge));
}
