using Drift.Abft;
using Drift.Dvfs;
using Drift.Models;
using Spectre.Console;

namespace Drift.Bench;

/// <summary>The body of <c>drift interval</c>: a clean run for the drift, one run for the fault rate and the costs, and all intervals for the measured optimum.</summary>
internal static class IntervalRun
{
    private const double Milli = 1e3;
    private static readonly int[] Ages = [1, 2, 5, 10];

    /// <summary>Runs it.</summary>
    /// <param name="options">All settings.</param>
    /// <param name="session">Where it writes and what stops it.</param>
    /// <returns>The exit code.</returns>
    public static int Run(IntervalOptions options, Session session)
    {
        var (comparison, steps) = (options.Comparison, options.Comparison.Sampling.Steps);
        if (options.Intervals[^1] > steps)
            throw new UserErrorException($"--intervals: {options.Intervals[^1]} is more than the {steps} steps of a run; expected at most that");
        var started = DateTime.UtcNow;
        using var folder = new OutputFolder(comparison.Sampling.OutOr("interval", DateTime.Now));
        using var lab = Lab.Open(comparison, session.Cancellation);
        if (lab.StrategyOf(options.Row, comparison)?.Protection is not { Interval: not null })
            throw new UserErrorException($"--rows: {options.Row} keeps no checkpoints; expected a row that does, such as rollback");
        var drift = Drift(lab, options, session.Cancellation);
        var advice = new IntervalAdvice(drift, Probe(lab, options, drift, session.Cancellation));
        var rows = IntervalRow.Of(Measure(lab, options, session), advice);
        folder.Write("interval.csv", IntervalRow.ToCsv(rows));
        folder.Write("interval.png", IntervalChart.ToPng(rows, $"{comparison.Sampling.Model.Name}, {options.Row}, {comparison.Sampling.Images} pictures"));
        folder.Write("run.json", ResultJson.Write(RunRecord.Of(comparison.Sampling, options.ToSettings(), started)));
        var target = folder.Commit(session.Cancellation);
        Print(session.Out, options, drift, advice, rows);
        session.Out.WriteLine($"Written to {target}");
        return ErrorPolicy.Success;
    }

    /// <summary>Drift of a clean run of the first picture.</summary>
    private static DriftProfile Drift(Lab lab, IntervalOptions options, CancellationToken cancellation)
    {
        var drift = new DriftProfile(options.Comparison.Sampling.Steps);
        var strategy = lab.StrategyOf(options.Row, options.Comparison)!;
        Draw(lab, options, strategy with
        {
            OpenPolicy = () => new UniformPolicy(OperatingPoint.Nominal),
            Protection = Protection.Rollback(options.Comparison.Tile, interval: 1) with { Recovery = new DriftRecorder(drift) },
        }, null, cancellation);
        return drift;
    }

    /// <summary>Fault rate and costs of the first picture under the row.</summary>
    private static IntervalInputs Probe(Lab lab, IntervalOptions options, DriftProfile drift, CancellationToken cancellation)
    {
        var (trace, steps) = (new RunTrace(), options.Comparison.Sampling.Steps);
        var picture = Draw(lab, options, lab.StrategyOf(options.Row, options.Comparison)!, trace, cancellation);
        var faulty = trace.Rows.Where(row => row.Events is { Faults: > 0 }).Select(row => row.Site.Step).Distinct().Order().ToList();
        var elements = (double)drift.Elements / steps * Math.Max(1, faulty.Count);
        // An escaped fault is off by up to full scale, and what was there is gone: largest^2 + mean^2 over mean^2.
        var escaped = picture.Ledger.MissedLarge / elements * (drift.Crest + 1);
        var saves = trace.Rows.Where(row => row.Kind == ChargeKind.Save).ToList();
        var total = lab.CostOf([picture]).Energy.Value;
        var all = saves.Sum(row => row.Cost.Energy.Value);
        var batch = options.Comparison.Sampling.Images;
        // Weights are read once for the batch: a picture bears its share, as in the table of compare.
        var weights = (total - picture.Ledger.Cost.Energy.Value) / batch;
        return new IntervalInputs(steps, faulty, trace.Rows.Sum(row => (double)row.Mended) / elements, escaped,
            saves.Where(row => row.Site.Step == 0).Sum(row => row.Cost.Energy.Value), picture.Ledger.Cost.Energy.Value + weights - all);
    }

    private static DrawnPicture Draw(Lab lab, IntervalOptions options, Strategy strategy, RunTrace? trace, CancellationToken cancellation) =>
        new PictureBatch(lab.Pipeline, 1).Draw(lab.DrawingOf(strategy, [lab.Requests[0]], trace),
            options.Comparison.Sampling.Settings, cancellation)[0];

    private static List<MeasuredInterval> Measure(Lab lab, IntervalOptions options, Session session)
    {
        var (comparison, results) = (options.Comparison, new List<MeasuredInterval>());
        List<string> names = ["nominal", .. options.Intervals.Select(interval => $"interval {interval}")];
        RunProgress.Show(names, comparison.Sampling.Images * comparison.Sampling.Steps, session, advance =>
        {
            var drawn = lab.Draw([lab.StrategyOf("nominal", comparison), .. options.Intervals.Select(interval => lab.StrategyOf(options.Row, comparison with { Interval = interval }))],
                advance, session.Cancellation).Select(drawing => drawing.Pictures).ToList();
            var clean = drawn[0].Select(picture => Picture.From(picture.Image)).ToList();
            results.AddRange(options.Intervals.Zip(drawn.Skip(1), (interval, pictures) => new MeasuredInterval(interval,
                pictures.Zip(clean, (picture, reference) => Psnr.MeanSquaredError(Picture.From(picture.Image), reference)).Average(),
                lab.CostOf(pictures).Energy.Value / pictures.Count)));
        });
        return results;
    }

    private static void Print(TextWriter output, IntervalOptions options, DriftProfile drift, IntervalAdvice advice, IReadOnlyList<IntervalRow> rows)
    {
        var table = new Table().Border(TableBorder.Rounded);
        foreach (var name in new[] { "interval", "saves", "mean age", "error added a step\nmodelled", "mJ a picture\nmodelled", "mean squared error\nmeasured", "cost x error over the best\nby theory", "cost x error over the best\nmeasured" })
            table.AddColumn(new TableColumn(name).RightAligned());
        var (least, best) = (rows.MinBy(row => row.ByTheory)!, rows.MinBy(row => row.Measured)!);
        foreach (var row in rows)
        {
            table.AddRow($"{row.Interval}", $"{row.Forecast.Saves}", Numerals.Of(row.Forecast.MeanAge, "F1"), Numerals.Of(row.Forecast.Error, "E2"), Numerals.Of(row.Energy * Milli, "F4"), Numerals.Of(row.Error, "F3"),
                Numerals.Of(row.ByTheory, "F3") + (row == least ? " *" : ""), Numerals.Of(row.Measured, "F3") + (row == best ? " *" : ""));
        }

        ReportConsole.On(output).WriteWhole(table);
        output.WriteLine($"Row {options.Row}, {Numerals.Count(options.Comparison.Sampling.Images, "picture")}. Drift over {string.Join(", ", Ages)} steps: {string.Join(", ", Ages.Select(age => Numerals.Of(drift.At(age), "F4")))} (relative, squared; measured).");
        output.WriteLine($"By theory: interval {advice.Best.Interval} counted step by step, {Numerals.Of(advice.ClosedForm, "F1")} by Young's closed form. Measured: {best.Interval}.");
    }
}
