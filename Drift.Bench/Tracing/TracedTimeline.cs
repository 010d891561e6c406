using Drift.Dvfs;
using Drift.Kernels;
using Drift.Models;

namespace Drift.Bench;

/// <summary>A trace lined up on the two queues: when, in the modelled machine, each charge begins and ends.</summary>
/// <param name="Rows">The trace's rows.</param>
/// <param name="Tasks">For each row the task that it belongs to.</param>
/// <param name="Timeline">The queues.</param>
internal sealed record TracedTimeline(IReadOnlyList<TraceRow> Rows, IReadOnlyList<int> Tasks, TransferTimeline Timeline)
{
    private const int Tile = 32;

    /// <summary>Lines a trace up. A task is a row of the array's with the transfers that follow it.</summary>
    /// <param name="trace">The trace.</param>
    /// <param name="rates">The memory.</param>
    /// <param name="buffer">Bytes of outputs that may wait on the chip.</param>
    public static TracedTimeline Of(RunTrace trace, TransferRates rates, Bytes buffer)
    {
        var (tasks, places) = (new List<TimelineTask>(), new List<int>());
        foreach (var row in trace.Rows)
        {
            if (row.Kind is ChargeKind.Product or ChargeKind.Untouched or ChargeKind.Attention or ChargeKind.Transition || tasks.Count == 0)
                tasks.Add(new TimelineTask(row.Cost.Time, default, default));
            var task = tasks[^1];
            if (row.Kind == ChargeKind.Save)
                tasks[^1] = task with { Saved = task.Saved + row.Cost.Moved };
            else if (row.Kind is ChargeKind.Restore or ChargeKind.Cache)
                tasks[^1] = task with { Restored = task.Restored + row.Cost.Moved };
            places.Add(tasks.Count - 1);
        }

        return new TracedTimeline(trace.Rows, places, TransferTimeline.Of(tasks, rates, buffer));
    }

    /// <summary>How fast a memory takes and gives tiles of a layout, from the traffic of a typical checkpoint.</summary>
    /// <param name="geometry">The memory.</param>
    /// <param name="layout">The checkpoint's order.</param>
    /// <param name="rows">Rows of the checkpoint.</param>
    /// <param name="columns">Columns of the checkpoint.</param>
    public static TransferRates RatesOf(DramGeometry geometry, ITileLayout layout, int rows, int columns)
    {
        var traffic = new TileTraffic(rows, columns, Tile, sizeof(sbyte));
        var (saved, restored) = (traffic.MoveAll(geometry, layout, TileWalk.Rows, write: true), traffic.MoveAll(geometry, layout, TileWalk.Rows, write: false));
        return new TransferRates(new BytesPerSecond(saved.Useful / saved.Time.Value), new BytesPerSecond(restored.Useful / restored.Time.Value));
    }
}
