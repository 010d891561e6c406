using System.Diagnostics;
using System.Globalization;
using Drift.Abft;
using Drift.Dvfs;
using Drift.Kernels;
using Drift.Models;
using MathNet.Numerics.Statistics;

namespace Drift.Bench;

/// <summary>The body of <c>drift bench offload</c>.</summary>
internal static class OffloadBench
{
    private const int Tile = 32, PaperSteps = 50, FlatRounds = 10;
    private const double Undervolted = 0.675, Mebibyte = 1 << 20;

    /// <summary>Runs it.</summary>
    /// <param name="options">All settings.</param>
    /// <param name="session">Where it writes and what stops it.</param>
    /// <returns>The exit code.</returns>
    public static int Run(OffloadBenchOptions options, Session session)
    {
        using var lab = Lab.Open(options.Sampling);
        using var memory = options.Offload.Open();
        var rollback = Protection.Rollback(Tile, interval: options.Interval);
        var errors = new ErrorModel(TabulatedErrors.Load(DataFolder.At("operating-points", "paper.csv")));
        void Line(FormattableString text) => session.Out.WriteLine(text.ToString(CultureInfo.InvariantCulture));
        foreach (var (name, volts, without) in new[] { ("no faults", OperatingPoint.Nominal.Voltage.Value, rollback with { Interval = null, Recovery = null }), ("0.675 V", Undervolted, rollback with { Interval = null, Recovery = new ZeroMask() }) })
        {
            var point = OperatingPoint.Nominal with { Voltage = new Volts(volts) };
            var bench = new Bench(lab, options, memory, new Platform(errors, lab.Platform.Costs), point);
            var (extra, share, saves, looks) = bench.Compare(rollback, without, session.Cancellation);
            Line($"{name}: checkpoints take {100 * share:F2} % of the run ({100 * saves:F2} % saving, {100 * looks:F2} % looking up and verifying; timed in place), the run is {100 * extra:F2} % longer than {(volts < 0.9 ? "mended with zeros" : "without")} (median of {options.Sampling.Images} pairs; measured).");
            if (options.Sampling.Steps < PaperSteps)
            {
                int Count(int steps) => Enumerable.Range(0, steps).Count(new CheckpointInterval(options.Interval).IsDue);
                Line($"    {Count(options.Sampling.Steps)} of {options.Sampling.Steps} steps save; where {Count(PaperSteps)} of {PaperSteps} do, saving takes {100 * saves * Count(PaperSteps) / PaperSteps * options.Sampling.Steps / Count(options.Sampling.Steps):F2} %.");
            }
        }

        var strategy = lab.Strategy(() => new UniformPolicy(OperatingPoint.Nominal), OutputForm.Saturating, rollback);
        var forecast = CheckpointForecast.BytesOfPicture(lab.Pipeline, options.Sampling.SubjectOf(0), options.Sampling.Settings, strategy);
        Line($"Peak {memory.Peak} B, forecast {forecast} B: {100.0 * (memory.Peak - forecast) / forecast:F3} % off; {memory.PeakInFiles} B of it in files.");
        if (memory.Complaint is { } complaint)
            session.Error.WriteLine($"drift: {complaint}");
        foreach (var name in Backends.Devices)
            Line($"{Transfers(name, (int)Math.Min(forecast, 16 << 20))}");
        if (options.Flat > 0)
            Flat(lab, options, strategy, Line, session.Cancellation);
        return ErrorPolicy.Success;
    }

    /// <summary>Many pictures in a row, and what the process holds in between.</summary>
    private static void Flat(Lab lab, OffloadBenchOptions options, Strategy strategy, Action<FormattableString> line, CancellationToken cancellation)
    {
        using var memory = options.Offload.Open();
        var each = Math.Max(1, options.Flat / FlatRounds);
        for (var round = 0; round < FlatRounds; round++)
        {
            var requests = Enumerable.Range(round * each, each).Select(i => new PictureRequest(options.Sampling.SeedOf(i), options.Sampling.SubjectOf(i))).ToList();
            new PictureBatch(lab.Pipeline, options.Sampling.Threads).Draw(lab.DrawingOf(strategy, requests) with
            {
                Begin = request => new PictureRun(request, new CheckpointStore(TileLayouts.Open(options.Offload.Layout, Tile), memory)),
            }, options.Sampling.Settings, cancellation);
            line($"after {(round + 1) * each} pictures: managed {GC.GetTotalMemory(true) / Mebibyte:F1} MiB, process {Environment.WorkingSet / Mebibyte:F1} MiB, checkpoints at most {memory.Peak / Mebibyte:F2} MiB");
        }
    }

    private static FormattableString Transfers(string name, int bytes)
    {
        try
        {
            using var device = Backends.OpenTransfers(name);
            var data = new byte[bytes];
            device.Save(0, data);
            device.Wait();
            var start = Stopwatch.GetTimestamp();
            device.Save(0, data);
            device.Wait();
            var saved = Stopwatch.GetElapsedTime(start);
            start = Stopwatch.GetTimestamp();
            device.Restore(0, data);
            return $"{name}: page-locked transfers of {bytes} B, {bytes / saved.TotalSeconds / 1e9:F2} GB/s there, {bytes / Stopwatch.GetElapsedTime(start).TotalSeconds / 1e9:F2} GB/s back (measured).";
        }
        catch (BackendUnavailableException absent)
        {
            return $"{name}: no transfers; {absent.Message}";
        }
    }

    /// <summary>Pairs of runs of one picture on one thread.</summary>
    private sealed class Bench(Lab lab, OffloadBenchOptions options, OffloadMemory memory, Platform platform, OperatingPoint point)
    {
        private readonly RowMemory _rows = new();
        private double _saving, _looking;

        /// <summary>Median excess of the runs with checkpoints, and the shares of their time that the store took.</summary>
        public (double Extra, double Share, double Saves, double Looks) Compare(Protection with, Protection without, CancellationToken cancellation)
        {
            Time(with, 0, cancellation);
            var (ratios, total) = (new List<double>(), 0.0);
            (_saving, _looking) = (0, 0);
            for (var pair = 0; pair < options.Sampling.Images; pair++)
            {
                // In turn, each first as often as the other.
                var first = pair % 2 == 0 ? Time(with, pair, cancellation) : 0;
                var plain = Time(without, pair, cancellation);
                var kept = pair % 2 == 0 ? first : Time(with, pair, cancellation);
                ratios.Add(kept / plain);
                total += kept;
            }

            return (ratios.Median() - 1, (_saving + _looking) / total, _saving / total, _looking / total);
        }

        private double Time(Protection protection, int picture, CancellationToken cancellation)
        {
            var strategy = lab.Strategy(() => new UniformPolicy(point), OutputForm.Saturating, protection);
            var layout = TileLayouts.Open(options.Offload.Layout, Tile);
            var drawing = new Drawing([lab.Requests[picture]], runs => new GuardedGemm(platform, strategy, lab.Layers, runs, _rows))
            {
                Begin = request => new PictureRun(request, new TimedStore(new CheckpointStore(layout, memory), Spent)),
            };
            var start = Stopwatch.GetTimestamp();
            new PictureBatch(lab.Pipeline, 1).Draw(drawing, options.Sampling.Settings, cancellation);
            return Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        private void Spent(bool save, double seconds)
        {
            if (save)
                _saving += seconds;
            else
                _looking += seconds;
        }
    }
}
