using Drift.Abft;
using Drift.Kernels;
using Drift.Models;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>Pictures do not depend on where their checkpoints lie.</summary>
[TestFixture]
public sealed class OffloadMatrixTests
{
    private const int Steps = 3;
    private string _folder = null!;
    private Workbench _bench = null!;

    [OneTimeSetUp]
    public void Open() => (_bench, _folder) = (new Workbench(), Directory.CreateTempSubdirectory("drift-matrix").FullName);

    [OneTimeTearDown]
    public void Close()
    {
        _bench.Dispose();
        Directory.Delete(_folder, true);
    }

    [Test]
    public void Pictures_and_ledgers_are_the_same_in_every_tier_and_layout([Values] OutputForm outputs)
    {
        var strategy = Workbench.Guarded with { Outputs = outputs, Protection = Protection.Rollback(interval: 1) };
        var expected = _bench.Draw(Workbench.Requests(2), strategy, Steps);
        Assert.That(expected[0].Ledger.ElementsMended, Is.Positive);
        foreach (var layout in TileLayouts.Names)
        {
            // All in memory; a part of it; all in files; in memory since the disk refuses.
            foreach (var (budget, folder) in new[] { (long.MaxValue, _folder), (1_000_000, _folder), (0, _folder), (0, "/proc") })
            {
                using var memory = new OffloadMemory(budget, new MappedFileTier(folder));
                var drawn = Draw(strategy, request => new PictureRun(request, new CheckpointStore(TileLayouts.Open(layout, 32), memory)));
                for (var i = 0; i < drawn.Count; i++)
                {
                    Assert.That(drawn[i].Image.Span.SequenceEqual(expected[i].Image.Span), $"{layout}, {budget} B, {folder}");
                    Assert.That(drawn[i].Ledger, Is.EqualTo(expected[i].Ledger));
                }

                Assert.That(memory.Held, Is.Zero, "every picture gave its blocks back");
                Assert.That(memory.PeakInFiles > 0, Is.EqualTo(folder == _folder && budget < long.MaxValue));
            }
        }
    }

    [Test]
    public void A_clean_run_draws_the_same_picture_with_and_without_checkpoints()
    {
        var without = _bench.Draw(Workbench.Requests(1), Workbench.Nominal, Steps)[0];
        var with = _bench.Draw(Workbench.Requests(1), Workbench.Nominal with { Protection = Protection.Rollback() with { BytesPerStep = 100_000 } }, Steps)[0];
        Assert.That(with.Image.Span.SequenceEqual(without.Image.Span));
    }

    [Test]
    public void Peak_bytes_are_those_of_the_outputs_of_the_pictures_in_flight()
    {
        // 12 blocks x 128 rows x (4 x 128 + 512 + 128) codes, and a scale for each of the six layers.
        const long predicted = 12L * (128 * (4 * 128 + 512 + 128) + 6 * sizeof(float));
        using var memory = new OffloadMemory();
        Draw(Workbench.Guarded, request => new PictureRun(request, new CheckpointStore(null, memory)), threads: 1);
        Assert.That(memory.Peak, Is.EqualTo(predicted).Within(1).Percent);
    }

    [Test]
    public void Many_pictures_leave_memory_flat()
    {
        using var memory = new OffloadMemory(0, new MappedFileTier(_folder));
        var strategy = Workbench.Guarded;
        var peak = 0L;
        for (var round = 0; round < 3; round++)
        {
            Draw(strategy, request => new PictureRun(request, new CheckpointStore(null, memory)), pictures: 4, steps: 1, threads: 1);
            peak = round == 0 ? memory.Peak : peak;
            Assert.That((memory.Held, memory.Peak), Is.EqualTo((0L, peak)));
        }
    }

    [Test]
    public void Damaged_checkpoints_are_counted_and_their_layers_mended_with_zeros()
    {
        using var memory = new OffloadMemory();
        var strategy = Workbench.Guarded;
        var sound = _bench.Draw(Workbench.Requests(1), strategy, Steps)[0];
        var drawn = Draw(strategy, request => new PictureRun(request, new CheckpointStore(null, new Damaging(memory))), pictures: 1)[0];
        Assert.That(sound.Ledger.CheckpointsDamaged, Is.Zero);
        // Blocks are rented at step 0, each one changed when the next is asked for: all of the 72 but the last.
        Assert.That(drawn.Ledger.CheckpointsDamaged, Is.EqualTo(71));
        Assert.That(drawn.Image.Span.SequenceEqual(sound.Image.Span), Is.False, "zeros are not the checkpoint's values");
    }

    private IReadOnlyList<DrawnPicture> Draw(Strategy strategy, Func<PictureRequest, PictureRun> begin, int pictures = 2, int steps = Steps, int threads = 2) =>
        new PictureBatch(_bench.Pipeline, threads).Draw(
            new Drawing(Workbench.Requests(pictures), runs => new GuardedGemm(_bench.Platform, strategy, _bench.Layers, runs)) { Begin = begin }, new SamplingSettings(steps, 2));

    /// <summary>Changes every line of the block that was handed out before, once the next one is asked for.</summary>
    private sealed class Damaging(ICheckpointTier inner) : ICheckpointTier
    {
        private CheckpointBlock? _last;

        public string Name => "damaging";

        public long Held => inner.Held;

        public long Peak => inner.Peak;

        public CheckpointBlock? TryRent(long bytes)
        {
            for (var at = 0; at < _last?.Size; at += CheckpointBlock.Alignment)
                _last.Span[at] ^= 0x10;
            return _last = inner.TryRent(bytes);
        }

        public void Return(CheckpointBlock block) => inner.Return(block);

        public void Dispose() => inner.Dispose();
    }
}
