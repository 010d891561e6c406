using System.Globalization;
using Drift.Kernels;
using Drift.Models;

namespace Drift.Bench;

/// <summary>The body of <c>drift trace</c>.</summary>
internal static class TraceRun
{
    private const int TypicalRows = 128, TypicalColumns = 512;
    private const double Milli = 1e3, Kibi = 1024;

    /// <summary>Runs it.</summary>
    /// <param name="options">All settings.</param>
    /// <param name="session">Where it writes and what stops it.</param>
    /// <returns>The exit code.</returns>
    public static int Run(TraceOptions options, Session session)
    {
        var (sampling, started) = (options.Comparison.Sampling, DateTime.UtcNow);
        using var folder = new OutputFolder(sampling.OutOr("trace", DateTime.Now));
        using var lab = Lab.Open(options.Comparison, session.Cancellation);
        var before = lab.Device?.Traffic;
        var (trace, ledger) = Draw(lab, options, session.Cancellation);
        var traffic = lab.Device?.Traffic - before;
        var traced = TracedTimeline.Of(trace, TracedTimeline.RatesOf(options.Geometry, lab.Layout, TypicalRows, TypicalColumns), options.Buffer);
        var title = $"{sampling.Model.Name}, {options.Row}, seed {sampling.Seed}";
        folder.Write("trace.csv", TraceFiles.ToCsv(trace));
        folder.Write("trace.parquet", TraceFiles.ToParquet(trace).GetAwaiter().GetResult());
        folder.Write("trace.json", ChromeTrace.Write(traced, title));
        folder.Write("trace.png", TraceChart.ToPng(trace, title));
        folder.Write("gantt.png", GanttChart.ToPng(traced, GanttChart.BusiestStep(trace.Rows), options.Geometry.Name));
        folder.Write("run.json", ResultJson.Write(RunRecord.Of(sampling, options.ToSettings(), started)));
        var target = folder.Commit(session.Cancellation);
        Print(session.Out, trace, ledger, traced, options);
        if (traffic is { } travelled)
            Print(session.Out, travelled, sampling);
        session.Out.WriteLine($"Written to {target}; trace.json opens in ui.perfetto.dev");
        return ErrorPolicy.Success;
    }

    /// <summary>Draws the picture and writes every charge down.</summary>
    public static (RunTrace Trace, RunLedger Ledger) Draw(Lab lab, TraceOptions options, CancellationToken cancellation)
    {
        var (trace, strategy) = (new RunTrace(), lab.StrategyOf(options.Row, options.Comparison));
        var picture = new PictureBatch(lab.Pipeline, 1, lab.Device).Draw(lab.DrawingOf(strategy!, lab.Requests, trace), options.Comparison.Sampling.Settings, cancellation)[0];
        return (trace, picture.Ledger);
    }

    private static void Print(TextWriter output, DeviceTraffic traffic, SamplingOptions sampling)
    {
        var steps = (double)sampling.Steps;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"On {sampling.Backend} the host waited {traffic.RoundTrips / steps:F1} times a step for {traffic.FetchedBytes / steps / Kibi:F1} KiB, and sent {traffic.Sends / steps:F1} times {traffic.SentBytes / steps / Kibi:F1} KiB in all without waiting (measured)."));
        if (traffic.OffloadedBytes > 0)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"Checkpoints on their own queue: {traffic.OffloadedBytes / steps / Kibi:F1} KiB a step to the host, {traffic.RestoredBytes / steps / Kibi:F1} KiB back (measured)."));
        }
    }

    private static void Print(TextWriter output, RunTrace trace, RunLedger ledger, TracedTimeline traced, TraceOptions options)
    {
        var (cost, timeline) = (ledger.Cost, traced.Timeline);
        void Line(FormattableString text) => output.WriteLine(text.ToString(CultureInfo.InvariantCulture));
        Line($"{trace.Rows.Count} charges; faults {ledger.FaultsInjected}, lines flagged {ledger.LinesFlagged}, elements mended {ledger.ElementsMended} (measured).");
        Line($"Energy {cost.Energy.Value * Milli:F4} mJ, of it checkpoints {cost.MemoryEnergy.Value * Milli:F4} mJ; {cost.Moved.Value} B moved; {cost.Cycles} cycles (modelled; weights are read once a batch and are not in it).");
        Line($"The trace's sum is {(trace.Cost == cost ? "the ledger's, bit for bit" : "NOT the ledger's")}.");
        Line($"On {options.Geometry.Name}, {options.Comparison.Offload.Layout}: transfers {timeline.Transfer.Value * Milli:F4} ms beside {timeline.Compute.Value * Milli:F4} ms of compute, {100 * timeline.Hidden:F1} % hidden, the run {100 * timeline.Exposed.Value / timeline.Compute.Value:F2} % longer (modelled).");
    }
}
