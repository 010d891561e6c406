using Drift.Dvfs;
using Drift.Kernels;
using NUnit.Framework;

namespace Drift.Tests.Dvfs;

/// <summary>Rows, bursts and banks of moved tiles, against the paper's counts and counts by hand.</summary>
internal sealed class TileTrafficTests
{
    private const int Tile = 32;
    private static readonly RowMajorLayout RowMajor = new();
    private static readonly TileRepackedLayout Repacked = new(Tile);

    [TestCase(256, 1152)]
    [TestCase(32, 32)]
    [TestCase(1024, 4608)]
    public void ThePapersGeometryTakesThePapersActivations(int rows, int columns)
    {
        var (geometry, traffic) = (Geometry("paper"), new TileTraffic(rows, columns, Tile, sizeof(short)));
        Assert.Multiple(() =>
        {
            Assert.That(traffic.SaveAndRestore(geometry, RowMajor, TileWalk.Columns).Activations, Is.EqualTo(3072));
            Assert.That(traffic.SaveAndRestore(geometry, Repacked, TileWalk.Columns).Activations, Is.EqualTo(128));
        });
    }

    [Test]
    public void NoOtherElementOrDirectionGivesBothCounts()
    {
        var geometry = Geometry("paper");
        foreach (var bytes in new[] { 1, 2, 4, 8 })
        {
            var traffic = new TileTraffic(256, 1152, Tile, bytes);
            long[] rowMajor = [traffic.Move(geometry, RowMajor, TileWalk.Columns, true).Activations, traffic.Move(geometry, RowMajor, TileWalk.Columns, false).Activations];
            long[] repacked = [traffic.Move(geometry, Repacked, TileWalk.Columns, true).Activations, traffic.Move(geometry, Repacked, TileWalk.Columns, false).Activations];
            Assert.That(rowMajor, Is.EqualTo(new long[] { 2048, 1024 }), "a value is written in two accesses and read in one");
            Assert.That(repacked, Is.EqualTo(new long[] { 32 * bytes, 32 * bytes }), "1024 elements in bursts of 32 B");
        }
    }

    [Test]
    public void OpenRowsOfHbm2AndDdr5AreCountedByHand()
    {
        var traffic = new TileTraffic(256, 1152, Tile, sizeof(sbyte));
        var (hbm2, ddr5) = (Geometry("hbm2"), Geometry("ddr5"));
        Assert.Multiple(() =>
        {
            // A tile's row is one burst of 32 B in HBM2. 32 matrix rows of 1152 B span 36,864 B = 36 pages; the tile's rows lie in 32 different ones.
            var rows = traffic.Move(hbm2, RowMajor, TileWalk.Rows, write: true);
            Assert.That((rows.Activations, rows.Bursts, rows.Useful, rows.Moved), Is.EqualTo((32L, 32L, 1024L, 1024L)));
            // Repacked, the tile of 1 KiB is one page.
            var repacked = traffic.Move(hbm2, Repacked, TileWalk.Rows, write: true);
            Assert.That((repacked.Activations, repacked.Bursts, repacked.RowHits, repacked.BanksUsed), Is.EqualTo((1L, 32L, 31L, 1)));
            // Half a burst of DDR5 is read, changed and written: 64 accesses. 32 rows of 1152 B from 0 span pages 0..8 of 4 KiB.
            var half = traffic.Move(ddr5, RowMajor, TileWalk.Rows, write: true);
            Assert.That((half.Activations, half.Bursts, half.RowHits, half.Moved), Is.EqualTo((9L, 64L, 55L, 4096L)));
            Assert.That(traffic.Move(ddr5, Repacked, TileWalk.Rows, write: true).Bursts, Is.EqualTo(16));
        });
    }

    [Test]
    public void TheBoundIsThatOfTheBusOrOfTheBusiestBank()
    {
        // Everything in one bank and one row at a time: 3072 closed accesses of one bank would take 48 ns each; spread over banks, the busiest counts.
        var geometry = new DramGeometry("one bank", 1, 1, 1024, 32, RowPolicy.Closed, true, new Seconds(48e-9), new Seconds(2e-9));
        var traffic = new TileTraffic(32, 32, Tile, 1).Move(geometry, RowMajor, TileWalk.Rows, write: false);
        Assert.That((traffic.BusiestBank, traffic.Time.Value), Is.EqualTo((32L, 32 * 48e-9)));
        var open = geometry with { Policy = RowPolicy.Open };
        Assert.That(new TileTraffic(32, 32, Tile, 1).Move(open, RowMajor, TileWalk.Rows, write: false).Time.Value, Is.EqualTo(32 * 2e-9).Within(1e-9).Percent);
    }

    [TestCase("hbm2", 256e9)]
    [TestCase("ddr5", 38.4e9)]
    public void BandwidthIsTheStandards(string name, double bytes) => Assert.That(Geometry(name).Bandwidth.Value, Is.EqualTo(bytes).Within(0.1).Percent);

    [Test]
    public void EveryByteMovesOnceWhateverTheLayout([Values("hbm2", "ddr5", "paper")] string name, [Values(33, 64, 100)] int rows, [Values(32, 70)] int columns)
    {
        foreach (var layout in TileLayouts.Names.Select(key => TileLayouts.Open(key, Tile)))
        {
            var all = new TileTraffic(rows, columns, Tile, sizeof(float)).MoveAll(Geometry(name), layout, TileWalk.Rows, write: false);
            Assert.That(all.Useful, Is.EqualTo((long)rows * columns * sizeof(float)));
            Assert.That(all.Moved, Is.GreaterThanOrEqualTo(all.Useful));
            Assert.That(all.Activations + all.RowHits, Is.EqualTo(all.Bursts));
        }
    }

    private static DramGeometry Geometry(string name) => DramGeometry.Load(DataFolder.Path("dram", $"{name}.csv"));
}
