namespace Drift.Dvfs;

/// <summary>A piece of work of the array, and what its outputs move.</summary>
/// <param name="Compute">Time of the array.</param>
/// <param name="Restored">Bytes that must come back before the next piece can begin.</param>
/// <param name="Saved">Bytes that may leave while the array goes on.</param>
public readonly record struct TimelineTask(Seconds Compute, Bytes Restored, Bytes Saved);

/// <summary>What a span is.</summary>
public enum TimelineTrack
{
    /// <summary>The array computes.</summary>
    Compute,

    /// <summary>Memory is read, and the array waits.</summary>
    Restore,

    /// <summary>Memory is written.</summary>
    Save,
}

/// <summary>A stretch of one queue.</summary>
/// <param name="Task">The task, 0 first.</param>
/// <param name="Track">What happens.</param>
/// <param name="Start">From.</param>
/// <param name="End">To.</param>
public readonly record struct TimelineSpan(int Task, TimelineTrack Track, Seconds Start, Seconds End);

/// <summary>How fast a memory takes and gives checkpoints.</summary>
/// <param name="Save">Towards the memory, above 0.</param>
/// <param name="Restore">From it, above 0.</param>
public readonly record struct TransferRates(BytesPerSecond Save, BytesPerSecond Restore);

/// <summary>
/// Two queues, each in order: the array's and the memory's. Writeback is coalesced with compute: a save waits in an on-chip buffer and leaves while the array goes on; only where the buffer is full, or a restore
/// is wanted, does the array wait. Modelled; weights and activations are not in it.
/// </summary>
public sealed class TransferTimeline
{
    private readonly List<TimelineSpan> _spans = [];

    private TransferTimeline()
    {
    }

    /// <summary>All spans, in the order of the tasks.</summary>
    public IReadOnlyList<TimelineSpan> Spans => _spans;

    /// <summary>From the first span to the end of the last.</summary>
    public Seconds Total { get; private set; }

    /// <summary>Time that the array computes.</summary>
    public Seconds Compute => Sum(TimelineTrack.Compute);

    /// <summary>Time that the memory moves checkpoints.</summary>
    public Seconds Transfer => Sum(TimelineTrack.Save) + Sum(TimelineTrack.Restore);

    /// <summary>Time that the run takes beyond computing.</summary>
    public Seconds Exposed => new(Math.Max(0, Total.Value - Compute.Value));

    /// <summary>Share of the transfers that computing hides, 0..1; 1 where nothing moves.</summary>
    public double Hidden => Transfer.Value == 0 ? 1 : Math.Clamp(1 - Exposed / Transfer, 0, 1);

    /// <summary>Lines the tasks up.</summary>
    /// <param name="tasks">In the order of the array.</param>
    /// <param name="rates">The memory.</param>
    /// <param name="buffer">Bytes of outputs that may wait on the chip; a larger output waits for an empty buffer.</param>
    public static TransferTimeline Of(IEnumerable<TimelineTask> tasks, TransferRates rates, Bytes buffer)
    {
        ArgumentNullException.ThrowIfNull(tasks);
        var timeline = new TransferTimeline();
        var waiting = new Queue<(double End, long Bytes)>();
        double array = 0, memory = 0;
        var (held, index) = (0L, 0);
        foreach (var (compute, restored, saved) in tasks)
        {
            while (waiting.TryPeek(out var first) && (first.End <= array || (saved.Value > 0 && held + saved.Value > buffer.Value)))
            {
                array = Math.Max(array, first.End);
                held -= waiting.Dequeue().Bytes;
            }

            timeline.Add(index, TimelineTrack.Compute, array, compute.Value);
            array += compute.Value;
            if (restored.Value > 0)
            {
                var begin = Math.Max(array, memory);
                array = memory = begin + (restored / rates.Restore).Value;
                timeline.Add(index, TimelineTrack.Restore, begin, memory - begin);
            }

            if (saved.Value > 0)
            {
                var begin = Math.Max(array, memory);
                memory = begin + (saved / rates.Save).Value;
                held += saved.Value;
                waiting.Enqueue((memory, saved.Value));
                timeline.Add(index, TimelineTrack.Save, begin, memory - begin);
            }

            index++;
        }

        timeline.Total = new Seconds(Math.Max(array, memory));
        return timeline;
    }

    private void Add(int task, TimelineTrack queue, double start, double length)
    {
        if (length > 0)
            _spans.Add(new TimelineSpan(task, queue, new Seconds(start), new Seconds(start + length)));
    }

    private Seconds Sum(TimelineTrack queue) => new(_spans.Where(span => span.Track == queue).Sum(span => span.End.Value - span.Start.Value));
}
