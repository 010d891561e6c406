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
        Assert.That(Order(16, 16, tile), Is.EqualTo(new BlockOrder(256, 0, 0, 0, 0, 0)));
    }

    private static BlockOrder Order(int down, int across, int tile)
    {
        int rows = down * Edge, columns = across * Edge;
        int linesAcross = Padded(IlgpuWeights.TilesIn(columns, tile), tile), linesDown = Padded(IlgpuWeights.TilesIn(rows, tile), tile);
        return BlockOrder.Of(new FloatExtents(rows, rows, columns, columns, 8, columns + linesAcross, Edge, Edge, tile, 0, 0), rows + linesDown, Edge, Multiprocessors);
    }

    private static int Padded(int lines, int tile) => IlgpuWeights.RoundUp(lines, BlockOrder.LineGroup(lines, Edge, tile));
}
