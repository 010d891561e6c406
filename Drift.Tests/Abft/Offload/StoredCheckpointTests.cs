using Drift.Abft;
using Drift.Kernels;
using NUnit.Framework;

namespace Drift.Tests.Abft;

/// <summary>Checkpoints over layouts and tiers: the same values come back, and changed bytes are noticed.</summary>
internal sealed class StoredCheckpointTests
{
    private static readonly LayerKey Layer = new(0, GemmRole.Value);

    [Test]
    public void WhatIsSavedComesBackWhateverTheLayout([ValueSource(typeof(TileLayouts), nameof(TileLayouts.Names))] string name, [Values(5, 8, 32)] int tile, [Values(0, 1, 45)] int scaleCount)
    {
        const int m = 45, n = 70;
        var random = new Random(9);
        var scales = Enumerable.Range(0, scaleCount).Select(_ => random.NextSingle()).ToArray();
        var values = Enumerable.Range(0, m * n).Select(_ => random.NextSingle() * 200 - 100).ToArray();
        using CheckpointStore store = new(TileLayouts.Open(name, tile)), plain = new();
        foreach (var each in new[] { store, plain })
            Assert.That(each.Save(Layer, 0, scaleCount == 0 ? new LayerOutput(m, n, values) : new LayerOutput(m, n, values, scales)), Is.EqualTo(Checkpoint.BytesOf(m, n, scaleCount)));
        Assert.That(store.TryGet(Layer, 1, out var kept) && plain.TryGet(Layer, 1, out _), Is.True);
        plain.TryGet(Layer, 1, out var reference);
        // Every element alone, and rollback's sixteen at a time over all of them.
        Assert.That(All(kept!.Value), Is.EqualTo(All(reference!.Value)));
        var finding = new Finding();
        finding.Reset(m, n, tile);
        for (var row = 0; row < m; row++)
        {
            for (var column = 0; column < n; column++)
            {
                finding.FlagRow(row, column / tile);
                finding.FlagColumn(row / tile, column);
            }
        }

        var mended = new float[m * n];
        new Rollback().Mend(finding, kept, new LayerOutput(m, n, mended));
        Assert.That(mended, Is.EqualTo(All(reference.Value)));
        static float[] All(Func<int, int, float> value) => [.. from row in Enumerable.Range(0, m) from column in Enumerable.Range(0, n) select value(row, column)];
    }

    [Test]
    public void AChangedByteMakesACheckpointAbsentAndIsCounted([Values(0, 17, 66)] int place)
    {
        using var spy = new Spy();
        using var store = new CheckpointStore(null, spy);
        store.Save(Layer, 0, new LayerOutput(1, 64, new float[64], [0.5f]));
        Assert.That(store.TryGet(Layer, 1, out _), Is.True, "sound so far");
        spy.Blocks[0].Span[place] ^= 1;
        Assert.That(store.TryGet(Layer, 1, out _), Is.False);
        Assert.That((store.Damaged, store.Bytes), Is.EqualTo((1, 0L)));
        Assert.That(store.TryGet(Layer, 1, out _), Is.False);
        Assert.That(store.Damaged, Is.EqualTo(1), "counted once");
        store.Save(Layer, 1, new LayerOutput(1, 64, new float[64], [0.5f]));
        Assert.That(store.TryGet(Layer, 2, out _), Is.True, "the next save is sound again");
    }

    [Test]
    public void ChangedBytesAreFoundWhereTheyAreRead([ValueSource(typeof(TileLayouts), nameof(TileLayouts.Names))] string name, [Values] bool wide)
    {
        const int m = 40, n = 100;
        using var spy = new Spy();
        using var store = new CheckpointStore(TileLayouts.Open(name, 32), spy);
        var values = Enumerable.Range(0, m * n).Select(i => i % 100f).ToArray();
        var finding = new Finding();
        finding.Reset(m, n, 32);
        finding.FlagRow(35, 3);
        finding.FlagColumn(1, 98);
        // Each byte in turn, in the last tile's row or anywhere else, the scales at the end included.
        var (unseen, seen, used) = (0, 0, (int)Checkpoint.BytesOf(m, n, wide ? 0 : 1));
        for (var place = 0; place < used; place += 3)
        {
            store.Save(Layer, 0, wide ? new LayerOutput(m, n, values) : new LayerOutput(m, n, values, [1f]));
            spy.Blocks[0].Span[place] ^= 0x40;
            var mended = new float[m * n];
            var sound = store.TryOpen(Layer, 1, out var checkpoint);
            if (sound)
                new Rollback().Mend(finding, checkpoint, new LayerOutput(m, n, mended));
            sound &= !store.Drop(Layer);
            Assert.That(!sound || mended[35 * n + 98] == values[35 * n + 98], $"byte {place} is restored and was found sound");
            (seen, unseen) = sound ? (seen, unseen + 1) : (seen + 1, unseen);
            Assert.That((store.TryOpen(Layer, 1, out _), store.TryGet(Layer, 1, out _)), Is.EqualTo((sound, false)), "dropped, or found when all of it is read through");
        }

        Assert.That(store.Damaged, Is.EqualTo(seen + unseen));
        Assert.That((seen > 0, unseen > 10 * seen), Is.EqualTo((true, true)), $"{seen} seen, {unseen} not");
    }

    [Test]
    public void TheOnesBeforeADamagedOneStandIn()
    {
        using var spy = new Spy();
        using var store = new CheckpointStore(null, spy) { Depth = 3 };
        for (var step = 0; step < 3; step++)
            store.Save(Layer, step, new LayerOutput(1, 1, [step], [1f]));
        spy.Blocks[2].Span[0] ^= 4;
        Assert.That(store.TryGet(Layer, 3, out var checkpoint), Is.True);
        Assert.That((checkpoint!.Step, checkpoint.Earlier!.Step, checkpoint.Earlier.Earlier), Is.EqualTo((1, 0, (Checkpoint?)null)));
        spy.Blocks[0].Span[0] ^= 4;
        store.TryGet(Layer, 3, out checkpoint);
        Assert.That((checkpoint!.Step, checkpoint.Earlier, store.Damaged), Is.EqualTo((1, (Checkpoint?)null, 2)));
        store.Save(Layer, 3, new LayerOutput(1, 1, [3], [1f]));
        store.TryGet(Layer, 4, out checkpoint);
        Assert.That((checkpoint!.Step, checkpoint.Earlier!.Step, spy.Blocks.Count), Is.EqualTo((3, 1, 3)), "a dropped one's block is taken first");
    }

    [Test]
    public void ADisposedStoreGivesItsBlocksBack()
    {
        using var arena = new HostArena();
        for (var picture = 0; picture < 20; picture++)
        {
            using var store = new CheckpointStore(null, arena);
            foreach (var block in Enumerable.Range(0, 4))
                store.Save(new LayerKey(block, GemmRole.Query), 0, new LayerOutput(32, 32, new float[1024], [1f]));
        }

        Assert.That((arena.Held, arena.Peak), Is.EqualTo((0L, 4L * 1088)));
    }

    [Test]
    public void ATierWithoutRoomLeavesTheOtherCheckpointsAsTheyAre()
    {
        using var store = new CheckpointStore(null, new HostArena(128));
        store.Save(Layer, 0, new LayerOutput(1, 100, new float[100], [1f]));
        Assert.Throws<CheckpointStorageException>(() => store.Save(new LayerKey(1, GemmRole.Value), 0, new LayerOutput(1, 100, new float[100], [1f])));
        Assert.That(store.TryGet(Layer, 1, out _), Is.True);
        Assert.That(store.TryGet(new LayerKey(1, GemmRole.Value), 1, out _), Is.False);
    }

    [Test]
    public void ABudgetSpreadsTheSavesAndLeavesNoLayerBehind()
    {
        var schedule = new CheckpointBudget(250);
        var layers = Enumerable.Range(0, 10).Select(block => new LayerKey(block, GemmRole.Query)).ToList();
        var saved = Enumerable.Range(0, 12).Select(step => layers.Where(layer => schedule.IsDue(layer, step, 100)).Select(layer => layer.Block).ToList()).ToList();
        Assert.That(saved[0], Has.Count.EqualTo(10), "without a first checkpoint nothing could be mended");
        Assert.That(saved.Skip(1).Take(5), Is.EqualTo(new List<int>[] { [0, 1], [2, 3], [4, 5], [6, 7], [8, 9] }));
        Assert.That(saved.Skip(6).Take(5), Is.EqualTo(saved.Skip(1).Take(5)));
        // A layer beyond the whole budget has a step to itself.
        var large = new CheckpointBudget(50);
        Assert.That(Enumerable.Range(0, 4).Select(step => layers.Take(3).Where(layer => large.IsDue(layer, step, 100)).Select(layer => layer.Block).ToList()),
            Is.EqualTo(new List<int>[] { [0, 1, 2], [0], [1], [2] }));
        Assert.Throws<ArgumentOutOfRangeException>(() => _ = new CheckpointBudget(0));
    }

    /// <summary>Host memory whose blocks a test may damage.</summary>
    private sealed class Spy : ICheckpointTier
    {
        private readonly HostArena _arena = new();

        public List<CheckpointBlock> Blocks { get; } = [];

        public string Name => "spied on";

        public long Held => _arena.Held;

        public long Peak => _arena.Peak;

        public CheckpointBlock? TryRent(long bytes)
        {
            Blocks.Add(_arena.TryRent(bytes)!);
            return Blocks[^1];
        }

        public void Return(CheckpointBlock block) => _arena.Return(block);

        public void Dispose() => _arena.Dispose();
    }
}
