using System.Text.Json;
using Drift.Dvfs;
using Drift.Models;

namespace Drift.Bench;

/// <summary>
/// trace.json in the Trace Event Format, which Perfetto and chrome://tracing open: a track for the array, one for the memory, and counters of voltage, clock and flagged lines. Times are those of the modelled
/// machine, in microseconds; every charge of the trace is one event, its figures in "args".
/// </summary>
internal static class ChromeTrace
{
    private const int Process = 1, Array = 1, Memory = 2;
    private const double Micro = 1e6;

    /// <summary>UTF-8 JSON.</summary>
    public static byte[] Write(TracedTimeline traced, string title)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteString("displayTimeUnit", "ns");
            json.WriteStartArray("traceEvents");
            Name(json, "process_name", 0, title);
            Name(json, "thread_name", Array, "array (modelled)");
            Name(json, "thread_name", Memory, "memory (modelled)");
            var spans = traced.Timeline.Spans.GroupBy(span => span.Task).ToDictionary(group => group.Key, group => group.ToList());
            var (point, now) = (default(OperatingPoint?), 0.0);
            for (var i = 0; i < traced.Rows.Count; i++)
            {
                var row = traced.Rows[i];
                var queue = row.Kind switch { ChargeKind.Save => TimelineTrack.Save, ChargeKind.Restore or ChargeKind.Cache => TimelineTrack.Restore, _ => TimelineTrack.Compute };
                var span = spans.GetValueOrDefault(traced.Tasks[i])?.Find(each => each.Track == queue);
                var (start, end) = span is { End.Value: > 0 } known ? (known.Start.Value, known.End.Value) : (now, now);
                // What takes no time stands where the array has got to.
                now = queue == TimelineTrack.Compute ? Math.Max(now, end) : now;
                if (TraceColumn.PointOf(row) is { } chosen && chosen != point)
                {
                    point = chosen;
                    Counter(json, "volts", start, chosen.Voltage.Value);
                    Counter(json, "gigahertz", start, chosen.Frequency.Gigahertz);
                }

                if (row.Events is { } events)
                    Counter(json, "flagged", start, events.Flagged);
                Event(json, row, queue == TimelineTrack.Compute ? Array : Memory, start, end - start);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return bytes.ToArray();
    }

    private static void Event(Utf8JsonWriter json, TraceRow row, int thread, double start, double length)
    {
        json.WriteStartObject();
        json.WriteString("name", row.Kind == ChargeKind.Attention ? $"block {row.Site.Block} attention head" : $"block {row.Site.Block} {row.Site.Role}");
        json.WriteString("cat", $"{row.Kind}".ToLowerInvariant());
        json.WriteString("ph", "X");
        Where(json, thread, start);
        json.WriteNumber("dur", length * Micro);
        json.WriteStartObject("args");
        json.WriteNumber("step", row.Site.Step);
        json.WriteNumber("index", row.Site.Index);
        if (TraceColumn.PointOf(row) is { } point)
        {
            json.WriteNumber("volts", point.Voltage.Value);
            json.WriteNumber("gigahertz", point.Frequency.Gigahertz);
        }

        json.WriteNumber("faults", row.Events?.Faults ?? 0);
        json.WriteNumber("flagged", row.Events?.Flagged ?? 0);
        json.WriteNumber("mended", row.Mended);
        json.WriteNumber("computeJoules", row.Cost.ComputeEnergy.Value);
        json.WriteNumber("checkJoules", row.Cost.CheckEnergy.Value);
        json.WriteNumber("repeatJoules", row.Cost.RepeatEnergy.Value);
        json.WriteNumber("logicJoules", row.Cost.LogicEnergy.Value);
        json.WriteNumber("sramJoules", row.Cost.SramEnergy.Value);
        json.WriteNumber("leakageJoules", row.Cost.LeakageEnergy.Value);
        json.WriteNumber("transitionJoules", row.Cost.TransitionEnergy.Value);
        json.WriteNumber("memoryJoules", row.Cost.MemoryEnergy.Value);
        json.WriteNumber("bytes", row.Cost.Moved.Value);
        json.WriteNumber("cycles", row.Cost.Cycles);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void Counter(Utf8JsonWriter json, string name, double at, double value)
    {
        json.WriteStartObject();
        json.WriteString("name", name);
        json.WriteString("ph", "C");
        Where(json, 0, at);
        json.WriteStartObject("args");
        json.WriteNumber(name, value);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void Name(Utf8JsonWriter json, string what, int thread, string name)
    {
        json.WriteStartObject();
        json.WriteString("name", what);
        json.WriteString("ph", "M");
        Where(json, thread, 0);
        json.WriteStartObject("args");
        json.WriteString("name", name);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void Where(Utf8JsonWriter json, int thread, double at)
    {
        json.WriteNumber("pid", Process);
        json.WriteNumber("tid", thread);
        json.WriteNumber("ts", at * Micro);
    }
}
