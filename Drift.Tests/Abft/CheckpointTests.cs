using Drift.Abft;
using Drift.Kernels;
using NUnit.Framework;

namespace Drift.Tests.Abft;

internal sealed class CheckpointTests
{
    private static readonly LayerKey Layer = new(3, GemmRole.FeedForward1);
    private static readonly float[] Half = [0.5f];

    [TestCase(1, new[] { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 })]
    [TestCase(2, new[] { 0, 1, 3, 5, 7, 9, 11 })]
    [TestCase(5, new[] { 0, 1, 6, 11 })]
    [TestCase(10, new[] { 0, 1, 11 })]
    [TestCase(1000, new[] { 0, 1 })]
    public void StepsThatSave(int interval, int[] steps) =>
        Assert.That(Enumerable.Range(0, 12).Where(new CheckpointInterval(interval).IsDue), Is.EqualTo(steps));

    [Test]
    public void AnIntervalBelowOneIsRefused() => Assert.Throws<ArgumentOutOfRangeException>(() => _ = new CheckpointInterval(0));

    [Test]
    public void AStoreGivesTheNewestCheckpointFromBeforeAStep()
    {
        var store = new CheckpointStore();
        Assert.That(store.TryGet(Layer, 9, out _), Is.False);
        Assert.That(store.Save(Layer, 1, new LayerOutput(1, 3, new float[3], Half, [1, -2, 3])), Is.EqualTo(3 + 4));
        Assert.That(store.TryGet(Layer, 1, out _), Is.False, "a step does not mend from itself");
        Assert.That(store.TryGet(Layer with { Index = 1 }, 9, out _), Is.False, "another layer");
        Assert.That(store.TryGet(Layer, 2, out var checkpoint), Is.True);
        Assert.That((checkpoint!.Step, checkpoint.Value(0, 1)), Is.EqualTo((1, -1f)));
        store.Save(Layer, 11, new LayerOutput(1, 2, [7f, 8f]));
        Assert.That(store.TryGet(Layer, 12, out checkpoint), Is.True);
        Assert.That((checkpoint!.Step, checkpoint.Value(0, 1), checkpoint.IsWide, store.Bytes), Is.EqualTo((11, 8f, true, 8L)));
        store.Clear();
        Assert.That(store.TryGet(Layer, 12, out _), Is.False, "a new picture begins without checkpoints");
        Assert.That(store.Bytes, Is.Zero);
    }

    [Test]
    public void AWarmStoreAllocatesNothing()
    {
        var store = new CheckpointStore();
        var values = new float[64 * 64];
        store.Save(Layer, 0, new LayerOutput(64, 64, values, Half));
        var before = GC.GetAllocatedBytesForCurrentThread();
        store.Clear();
        store.Save(Layer, 0, new LayerOutput(64, 64, values, Half));
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    [Test]
    public void ElementsFromAnOlderCheckpointAreExpressedInTheScaleOfTheDay()
    {
        // Old scale 1: codes 3 and 100. New scale 0.5, an element of each row condemned: 3 becomes code 6, 100 saturates at 127 when saved, not before.
        var store = new CheckpointStore();
        store.Save(Layer, 0, new LayerOutput(1, 2, new float[2], [1f], [3, 100]));
        store.TryGet(Layer, 1, out var checkpoint);
        var finding = new Finding();
        finding.Reset(1, 2, 32);
        finding.FlagRow(0, 0);
        finding.FlagColumn(0, 0);
        finding.FlagColumn(0, 1);
        float[] values = [9f, 9f];
        sbyte[] codes = [18, 18];
        var repair = new Rollback().Mend(finding, checkpoint, new LayerOutput(1, 2, values, Half, codes));
        Assert.That(values, Is.EqualTo(new[] { 3f, 100f }));
        Assert.That(codes, Is.EqualTo(new sbyte[] { 6, 127 }));
        Assert.That(repair, Is.EqualTo(new Repair(2, 2)));
        store.Save(Layer, 1, new LayerOutput(1, 2, values, Half));
        store.TryGet(Layer, 2, out checkpoint);
        Assert.That(checkpoint!.Codes.ToArray(), Is.EqualTo(codes));
    }

    [Test]
    public void RoundingManyIsRoundingEach()
    {
        var random = new Random(5);
        var values = Enumerable.Range(0, 1003).Select(i => i % 3 == 0 ? (i - 500) * 0.25f : random.NextSingle() * 200 - 100).ToArray();
        values[7] = float.MaxValue;
        values[8] = -0f;
        foreach (var scale in new[] { 0.5f, 0.3f, 1e-30f, 0f })
        {
            var codes = new sbyte[values.Length];
            new CodeRounder(scale).Round(values, codes);
            Assert.That(codes, Is.EqualTo(values.Select(v => (sbyte)new CodeRounder(scale).Round(v)).ToArray()));
        }

        Assert.That(new[] { 0.25f, 0.75f, 1.25f, -0.25f, -0.75f }.Select(v => (sbyte)new CodeRounder(0.5f).Round(v)), Is.EqualTo(new sbyte[] { 0, 2, 2, 0, -2 }), "half to even");
    }

    [TestCase(false, 32L * 2 + 8)]
    [TestCase(true, (32L * 2 + 8) * 4)]
    public void RestoredBytesAreRowSegmentsOfTiles(bool wide, long bytes)
    {
        var store = new CheckpointStore();
        var old = new float[40 * 40];
        Array.Fill(old, 2f);
        store.Save(Layer, 0, wide ? new LayerOutput(40, 40, old) : new LayerOutput(40, 40, old, Half));
        store.TryGet(Layer, 1, out var checkpoint);
        var finding = new Finding();
        finding.Reset(40, 40, 32);
        foreach (var row in new[] { 0, 31 })
            finding.FlagRow(row, 0);
        finding.FlagColumn(0, 5);
        finding.FlagRow(39, 1);
        finding.FlagColumn(1, 39);
        finding.FlagRow(20, 1);
        Assert.That(new Rollback().Mend(finding, checkpoint, new LayerOutput(40, 40, new float[1600])), Is.EqualTo(new Repair(3, bytes)));
        var values = new float[1600];
        Array.Fill(values, 1f);
        Assert.That(new Rollback().Mend(finding, null, new LayerOutput(40, 40, values)), Is.EqualTo(new Repair(3, 0)), "zeros cost no traffic");
        Assert.That(values.Count(v => v == 0), Is.EqualTo(3));
    }

    [Test]
    public void ShapesMustAgree()
    {
        var finding = new Finding();
        finding.Reset(2, 2, 32);
        var store = new CheckpointStore();
        store.Save(Layer, 0, new LayerOutput(1, 2, new float[2], Half));
        store.TryGet(Layer, 1, out var checkpoint);
        Assert.Throws<ArgumentException>(() => new Rollback().Mend(finding, checkpoint, new LayerOutput(2, 2, new float[4])));
        Assert.Throws<ArgumentException>(() => new Rollback().Mend(finding, null, new LayerOutput(1, 2, new float[2])));
        Assert.Throws<ArgumentException>(() => _ = new LayerOutput(2, 2, new float[3]));
        Assert.Throws<ArgumentException>(() => _ = new LayerOutput(2, 2, new float[4], [float.NaN]));
        Assert.Throws<ArgumentException>(() => _ = new LayerOutput(2, 2, new float[4], [1f, 1f, 1f]));
        Assert.Throws<ArgumentException>(() => _ = new LayerOutput(2, 2, new float[4], Half, new sbyte[3]));
    }
}
