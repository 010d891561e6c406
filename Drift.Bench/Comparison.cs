using System.Diagnostics;
using Drift.Models;

namespace Drift.Bench;

/// <summary>The main job: the same pictures from the same seeds under every row, one table, one folder.</summary>
internal static class Comparison
{
    private const string Reference = "nominal";
    private const int GridScale = 2;

    /// <summary>Runs it.</summary>
    /// <param name="options">All settings.</param>
    /// <param name="session">Where it writes and what stops it.</param>
    /// <returns>The exit code.</returns>
    public static int Run(CompareOptions options, Session session)
    {
        var started = DateTime.UtcNow;
        var clock = Stopwatch.StartNew();
        using var folder = new OutputFolder(options.Sampling.OutOr("compare", DateTime.Now));
        using var json = options.Json is { } path ? new OutputFile("--json", path) : null;
        using var lab = Lab.Open(options);

        var drawn = new Dictionary<string, DrawnRow>();
        // The nominal row is what the others are held against, wanted in the table or not.
        string[] names = [.. CompareRow.Names.Where(name => name == Reference || options.Rows.Contains(name))];
        RunProgress.Show(names.Select(CompareTable.Title).ToList(), options.Sampling.Images * options.Sampling.Steps, session, advance =>
        {
            for (var i = 0; i < names.Length; i++)
            {
                var (row, at) = (Stopwatch.StartNew(), i);
                var pictures = lab.Draw(Lab.StrategyOf(names[i], options), steps => advance(at, steps), session.Cancellation);
                drawn[names[i]] = new DrawnRow(pictures, row.Elapsed.TotalSeconds);
            }
        });

        var rows = options.Rows.Select(name => Score(name, drawn[name], drawn[Reference], lab, options)).ToList();
        var result = ResultJson.Write(new CompareResult(options.ToSettings(), clock.Elapsed.TotalSeconds, rows));
        folder.Write("pictures.png", Grid(options, drawn));
        folder.Write("result.json", result);
        folder.Write("result.csv", ResultCsv.Write(rows));
        folder.Write("run.json", ResultJson.Write(RunRecord.Of(options.Sampling, options.ToSettings(), started)));
        session.Cancellation.ThrowIfCancellationRequested();
        var target = folder.Commit();
        json?.Commit(result);

        CompareTable.Print(session.Out, rows);
        foreach (var point in options.Rows.Where(name => !Lab.IsUnquantised(name)).Select(name => Lab.PointOf(name, options)).Distinct())
            session.Out.WriteLine($"Error rate at {point}: {lab.Rates.At(point)} ({lab.Rates.Name}); bits {options.Faults.Bits}, hits {options.Faults.Pattern}.");
        var escaped = options.Rows.Sum(name => drawn[name].Ledger.MissedUnexplained);
        session.Out.WriteLine($"Missed faults that cancellation on a line does not explain: {escaped}.");
        session.Out.WriteLine($"{options.Sampling.Images} pictures x {options.Rows.Count} rows in {clock.Elapsed.TotalSeconds:F1} s; written to {target}");
        return ErrorPolicy.Success;
    }

    private static CompareRow Score(string name, DrawnRow row, DrawnRow nominal, Lab lab, CompareOptions options)
    {
        var images = row.Pictures.Count;
        var psnr = Against(row, nominal, Psnr.Between);
        var ssim = Math.Min(row.Images[0].Height, row.Images[0].Width) < Ssim.SmallestEdge ? default(ConfidenceInterval?) : Against(row, nominal, Ssim.Gaussian);
        var scored = new CompareRow
        {
            Row = name,
            Psnr = psnr.Mean,
            PsnrLow = psnr.Low,
            PsnrHigh = psnr.High,
            Ssim = ssim?.Mean,
            SsimLow = ssim?.Low,
            SsimHigh = ssim?.High,
            Accuracy = lab.Judge?.Accuracy(row.Pictures),
            WallSeconds = row.Seconds,
        };
        if (Lab.IsUnquantised(name))
            return scored;

        var (ledger, cost, reference) = (row.Ledger, lab.CostOf(row.Pictures), lab.CostOf(nominal.Pictures));
        return scored with
        {
            FaultsInjected = ledger.FaultsInjected,
            LinesFlagged = ledger.LinesFlagged,
            ElementsMended = ledger.ElementsMended,
            MissedLarge = ledger.MissedLarge,
            FalseAlarms = ledger.FalseAlarms,
            EnergyJoulesPerImage = cost.Energy.Value / images,
            EnergySavedPercent = 100 * (1 - cost.Energy.Value / reference.Energy.Value),
            EnergySavedPercentPaperMix = 100 * Lab.Mix.Saving(
                (cost.ComputeEnergy + cost.CheckEnergy).Value / (reference.ComputeEnergy + reference.CheckEnergy).Value, (double)cost.Moved.Value / reference.Moved.Value),
            Speedup = reference.Time.Value / cost.Time.Value,
            ErrorRate = ErrorRateRecord.At(lab.Rates, Lab.PointOf(name, options)),
        };
    }

    private static ConfidenceInterval Against(DrawnRow row, DrawnRow nominal, Func<Picture, Picture, double> metric) =>
        ConfidenceInterval.Of([.. row.Images.Zip(nominal.Images, metric)]);

    private static byte[] Grid(CompareOptions options, Dictionary<string, DrawnRow> drawn)
    {
        var sampling = options.Sampling;
        var columns = Enumerable.Range(0, sampling.Images).Select(i => $"seed {sampling.SeedOf(i)}\n{sampling.Model.Labels[sampling.ClassOf(i)]}").ToList();
        var rows = options.Rows.Select(name => new PictureRow(CompareTable.Title(name).Replace(", ", ",\n", StringComparison.Ordinal), drawn[name].Images)).ToList();
        return new SkiaPictures().Encode(PictureGrid.Draw(columns, rows, GridScale));
    }

    /// <summary>A row's pictures and the time that they took.</summary>
    private sealed record DrawnRow(IReadOnlyList<DrawnPicture> Pictures, double Seconds)
    {
        public IReadOnlyList<Picture> Images { get; } = [.. Pictures.Select(picture => Picture.From(picture.Image))];

        public RunLedger Ledger { get; } = Pictures.Select(picture => picture.Ledger).Aggregate((a, b) => a + b);
    }
}
