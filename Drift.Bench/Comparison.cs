using System.Diagnostics;
using Drift.Dvfs;
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
        using var lab = Lab.Open(options, session.Cancellation);
        foreach (var omission in lab.Omissions)
            session.Error.WriteLine($"drift: {omission}");

        var drawn = new Dictionary<string, DrawnRow>();
        // The nominal row is what the others are held against, wanted in the table or not.
        IReadOnlyList<string> names = options.Rows.Contains(Reference) ? options.Rows : [Reference, .. options.Rows];
        RunProgress.Show(names.Select(CompareTable.Title).ToList(), options.Sampling.Images * options.Sampling.Steps, session, advance =>
        {
            var before = 0.0;
            foreach (var (name, (pictures, finished)) in names.Zip(lab.Draw(names.Select(name => lab.StrategyOf(name, options)), advance, session.Cancellation)))
            {
                // Threads go on with the next row while a row's last pictures are drawn: a row's time is what the whole run moved on by.
                drawn[name] = new DrawnRow(pictures, Math.Max(0, finished - before));
                before = Math.Max(before, finished);
            }
        });

        var rows = options.Rows.AsParallel().AsOrdered().WithDegreeOfParallelism(Math.Min(options.Sampling.Threads, options.Rows.Count))
            .Select(name => Score(name, drawn[name], drawn[Reference], lab, options) with { Gain = Gain(name, drawn, options) }).ToList();
        var result = ResultJson.Write(new CompareResult(options.ToSettings(), clock.Elapsed.TotalSeconds, rows));
        folder.Write("pictures.png", Grid(options, drawn));
        folder.Write("result.json", result);
        folder.Write("result.csv", ResultCsv.Write(rows));
        folder.Write("energy.csv", EnergyCsv.Write(options.Rows.Where(name => !Lab.IsUnquantised(name)).Select(name => (name, lab.CostOf(drawn[name].Pictures), options.Sampling.Images))));
        folder.Write("run.json", ResultJson.Write(RunRecord.Of(options.Sampling, options.ToSettings(), started)));
        var target = folder.Commit(session.Cancellation);
        json?.Commit(result);

        if (rows.Any(row => CompareRow.Names.Contains(row.Row)))
            CompareTable.Print(session.Out, [.. rows.Where(row => CompareRow.Names.Contains(row.Row))]);
        RivalTable.Print(session.Out, [.. rows.Where(row => !CompareRow.Names.Contains(row.Row))]);
        foreach (var row in rows.Where(row => row.Gain is not null))
            session.Out.WriteLine(row.Gain!.Line(row.Row));
        foreach (var point in options.Rows.Where(name => !Lab.IsUnquantised(name)).SelectMany(name => Lab.PointsOf(name, options)).Distinct())
            session.Out.WriteLine($"Error rate at {point}: {lab.Rates.At(point)} ({lab.Rates.Name}); bits {options.Faults.Bits}, hits {options.Faults.Pattern}.");
        ProfileTable.PrintAll(session.Out, [.. names.Select(CompareTable.Title)], lab);
        var escaped = options.Rows.Sum(name => drawn[name].Ledger.MissedUnexplained);
        session.Out.WriteLine($"Missed faults that cancellation on a line does not explain: {escaped}.");
        if (options.Offload.Memory is not null)
            session.Out.WriteLine($"Checkpoints took {lab.Memory.Peak} B at most, {lab.Memory.PeakInFiles} B of them in files.");
        if (lab.Memory.Complaint is { } complaint)
            session.Error.WriteLine($"drift: {complaint}");
        if (options.Rows.Sum(name => drawn[name].Ledger.CheckpointsDamaged) is > 0 and var damaged)
            session.Out.WriteLine($"Checkpoints found damaged, and treated as absent: {damaged}.");
        session.Out.WriteLine($"{Numerals.Count(options.Sampling.Images, "picture")} x {Numerals.Count(options.Rows.Count, "row")} in {clock.Elapsed.TotalSeconds:F1} s; written to {target}");
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
            ClipScore = lab.Clip?.Between(row.Images, [.. row.Pictures.Select(picture => ((PromptSubject)picture.Request.Subject).Prompt)]).Average(),
            FeatureDistance = lab.Clip is { Features: var features } ? Against(row, nominal, features.Between).Mean : null,
            WallSeconds = row.Seconds,
        };
        if (Lab.IsUnquantised(name))
            return scored;

        var rival = !CompareRow.Names.Contains(name);
        var (ledger, cost, reference) = (row.Ledger, lab.CostOf(row.Pictures), lab.CostOf(nominal.Pictures));
        return scored with
        {
            Outcome = rival ? ledger.Outcome : null,
            FaultsInjected = ledger.FaultsInjected,
            LinesFlagged = ledger.LinesFlagged,
            ElementsMended = ledger.ElementsMended,
            MissedLarge = ledger.MissedLarge,
            FalseAlarms = ledger.FalseAlarms,
            EnergyJoulesPerImage = cost.Energy.Value / images,
            EnergySavedPercent = 100 * (1 - cost.Energy.Value / reference.Energy.Value),
            EnergySavedPercentPaperMix = 100 * lab.Mix.Saving(
                cost.ChipEnergy / reference.ChipEnergy, (double)cost.Moved.Value / reference.Moved.Value),
            Speedup = reference.Time.Value / cost.Time.Value,
            OverheadPercent = rival ? 100 * (cost.ProtectionEnergy / new Joules(cost.Energy.Value - cost.ProtectionEnergy.Value)) : null,
            SecondsPerImage = rival ? cost.Time.Value / images : null,
            ErrorRate = Lab.PointsOf(name, options).ToList() is [var only] ? ErrorRateRecord.At(lab.Rates, only) : null,
        };
    }

    private static PairedDifference? Gain(string name, Dictionary<string, DrawnRow> drawn, CompareOptions options) => options.Against is { } against && name != against
        ? PairedDifference.Of(against, drawn[name].Images.Zip(drawn[Reference].Images, Psnr.Between), drawn[against].Images.Zip(drawn[Reference].Images, Psnr.Between))
        : null;

    private static ConfidenceInterval Against(DrawnRow row, DrawnRow nominal, Func<Picture, Picture, double> metric) =>
        ConfidenceInterval.Of([.. row.Images.Zip(nominal.Images, metric)]);

    private static byte[] Grid(CompareOptions options, Dictionary<string, DrawnRow> drawn)
    {
        var sampling = options.Sampling;
        var columns = Enumerable.Range(0, sampling.Images).Select(i => $"seed {sampling.SeedOf(i)}\n{Caption.Wrap(sampling.LabelOf(i))}").ToList();
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
