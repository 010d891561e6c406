using Drift.Kernels.Ilgpu;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>How the blocks of an fp32 product on a GPU follow each other; no GPU needed.</summary>
public sealed class BlockOrderTests
{
    private const int Edge = 128, Multiprocessors = 132;

    [TestCase(64, 9, 528, 96, Description = "four rounds of 132, and 48 in halves")]
    [TestCase(16, 9, 132, 24, Description = "one round, and 12 in halves")]
    [TestCase(16, 16, 256, 0, Description = "124 behind the first round: more than half of it")]
    [TestCase(8, 8, 0, 128, Description = "fewer than half of the multiprocessors")]
    public void What_is_left_behind_the_last_full_round_is_halved(int down, int across, int whole, int halves)
    {
        var order = Order(down, across, tile: 0);
        Assert.That((order.Whole, order.Halves, order.OfRows, order.OfColumns), Is.EqualTo((whole, halves, 0, 0)));
        Assert.That(order.Whole + order.Halves / 2, Is.EqualTo(down * across), "each block once");
    }

    [TestCase(8, 2, 96, 8 * 1, 2 * 1, Description = "3 and 11 summed lines: one thin block each")]
    [TestCase(2, 32, 136, 2 * 2, 32 * 1, Description = "31 summed columns: two thin blocks of 16")]
    [TestCase(2, 33, 120, 2 * 1, 33 * 1, Description = "36: one half block of 64")]
    public void Summed_lines_take_thin_blocks_where_they_are_few(int down, int across, int tile, int ofRows, int ofColumns)
    {
        var order = Order(down, across, tile);
        Assert.That((order.OfRows, order.OfColumns), Is.EqualTo((ofRows, ofColumns)));
        Assert.That(order.Count, Is.EqualTo(order.Whole + order.Halves + ofRows + ofColumns));
    }

    [TestCase(32, 4)]
    [TestCase(64, 2)]
    [TestCase(128, 1)]
    [TestCase(256, 1, Description = "two blocks a tile")]
    public void Summed_lines_of_tiles_that_fit_blocks_take_no_blocks_of_their_own(int tile, int beside)
    {
        Assert.That(BlockOrder.Beside(Edge, tile), Is.EqualTo(beside));
        Assert.That(Order(16, 16, tile, beside), Is.EqualTo(new BlockOrder(256, 0, 0, 0, 0, 0)));
    }

    // On 132 multiprocessors, each of which holds two groups, as docs/gpu.md has them measured.
    [TestCase(1024, 1024, 128, true, Description = "a product that does not fill the device")]
    [TestCase(2048, 2048, 128, true, Description = "256 blocks and 32 thin ones on 264 places")]
    [TestCase(2048, 2048, 32, true)]
    [TestCase(4096, 4096, 128, false, Description = "another wave, but of five")]
    [TestCase(2048, 1152, 128, false, Description = "25 thin blocks in a wave that has room")]
    [TestCase(2048, 3456, 128, false)]
    [TestCase(2048, 4608, 128, false)]
    [TestCase(8192, 1152, 128, true, Description = "73 for a product of two waves and a half")]
    [TestCase(8192, 1152, 32, false)]
    [TestCase(8192, 3456, 128, false)]
    [TestCase(2048, 2048, 96, false, Description = "no lines of such tiles")]
    public void Blocks_multiply_their_own_lines_where_that_pays(int m, int n, int tile, bool pays) =>
        Assert.That(BlockOrder.IsBeside(new(m, n, 64), Edge, tile, Multiprocessors, 2 * Multiprocessors), Is.EqualTo(pays));

    [TestCase(512, 512, true, Description = "16 blocks: most multiprocessors would be idle")]
    [TestCase(1024, 1024, false, Description = "64, in halves")]
    [TestCase(2048, 1152, true, Description = "144: a half behind the first round; 576 smaller ones, a half behind the fourth")]
    [TestCase(2048, 2048, false, Description = "two rounds either way")]
    [TestCase(8192, 1152, false, Description = "576: a half behind the fourth; 2304 smaller ones, one behind the seventeenth")]
    public void Smaller_blocks_are_taken_where_the_last_round_holds_up_for_less(int m, int n, bool smaller) =>
        Assert.That(BlockOrder.AreFewer(new(m, n, 64), Edge, Multiprocessors), Is.EqualTo(smaller));

    private static BlockOrder Order(int down, int across, int tile, int beside = 0)
    {
        int rows = down * Edge, columns = across * Edge;
        int linesAcross = Padded(IlgpuWeights.TilesIn(columns, tile), beside), linesDown = Padded(IlgpuWeights.TilesIn(rows, tile), beside);
        return BlockOrder.Of(new FloatExtents(rows, rows, columns, columns, 8, columns + linesAcross, Edge, Edge, tile, 0, 0), rows + linesDown, Edge, beside, Multiprocessors);
    }

    private static int Padded(int lines, int beside) => IlgpuWeights.RoundUp(lines, BlockOrder.LineGroup(lines, Edge, beside));
}
