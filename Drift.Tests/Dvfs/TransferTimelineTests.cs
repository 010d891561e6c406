using Drift.Dvfs;
using NUnit.Framework;

namespace Drift.Tests.Dvfs;

/// <summary>The two queues against timelines by hand: one byte takes a second each way.</summary>
internal sealed class TransferTimelineTests
{
    private static readonly TransferRates Rates = new(new BytesPerSecond(1), new BytesPerSecond(1));

    [Test]
    public void ASaveHidesBehindTheNextProduct()
    {
        var timeline = Of(100, (2, 0, 1), (2, 0, 1), (2, 0, 0));
        Assert.That((timeline.Total.Value, timeline.Compute.Value, timeline.Transfer.Value, timeline.Exposed.Value, timeline.Hidden), Is.EqualTo((6.0, 6.0, 2.0, 0.0, 1.0)));
    }

    [Test]
    public void TheLastSaveAndEveryRestoreShow()
    {
        var timeline = Of(100, (2, 1, 0), (2, 0, 3));
        Assert.That((timeline.Total.Value, timeline.Exposed.Value, timeline.Hidden), Is.EqualTo((8.0, 4.0, 0.0)));
        Assert.That(timeline.Spans.Select(span => (span.Track, span.Start.Value, span.End.Value)), Is.EqualTo(new[]
        {
            (TimelineTrack.Compute, 0.0, 2.0), (TimelineTrack.Restore, 2.0, 3.0), (TimelineTrack.Compute, 3.0, 5.0), (TimelineTrack.Save, 5.0, 8.0),
        }));
    }

    [Test]
    public void ARestoreWaitsForTheSavesBeforeIt() => Assert.That(Of(100, (1, 0, 5), (1, 2, 0)).Total.Value, Is.EqualTo(8), "save 1..6, restore 6..8");

    [Test]
    public void AFullBufferHoldsTheArrayUp()
    {
        // Saves of 4 bytes: 1..5, 5..9. With room for one, the second product waits until 5; with room for both it ends at 2.
        Assert.That(Of(4, (1, 0, 4), (1, 0, 4)).Spans.Last(span => span.Track == TimelineTrack.Compute).End.Value, Is.EqualTo(6));
        Assert.That(Of(8, (1, 0, 4), (1, 0, 4)).Spans.Last(span => span.Track == TimelineTrack.Compute).End.Value, Is.EqualTo(2));
        Assert.That(Of(1, (1, 0, 4), (1, 0, 4)).Total.Value, Is.EqualTo(10), "an output beyond the buffer waits for an empty one");
    }

    [Test]
    public void NothingMovedIsAllHidden() => Assert.That(Of(0, (1, 0, 0)).Hidden, Is.EqualTo(1));

    private static TransferTimeline Of(long buffer, params (double Compute, long Restored, long Saved)[] tasks) =>
        TransferTimeline.Of(tasks.Select(task => new TimelineTask(new Seconds(task.Compute), new Bytes(task.Restored), new Bytes(task.Saved))), Rates, new Bytes(buffer));
}
