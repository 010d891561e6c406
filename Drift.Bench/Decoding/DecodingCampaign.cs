using System.Collections.Concurrent;
using Drift.Dvfs;
using Drift.Models;

namespace Drift.Bench;

/// <summary>The decoder against ground truth, on the tiles of real runs: <c>drift decode</c>.</summary>
internal static class DecodingCampaign
{
    /// <summary>Runs it.</summary>
    /// <param name="options">All settings.</param>
    /// <param name="session">Where it writes and what stops it.</param>
    /// <returns>The exit code.</returns>
    public static int Run(DecodeOptions options, Session session)
    {
        using var folder = new OutputFolder(options.Sampling.OutOr("decode", DateTime.Now));
        using var lab = Lab.Open(options.Sampling);
        // The paper's rates are per element, whatever the depth.
        var errors = new ErrorModel(TabulatedErrors.Load(DataFolder.At("operating-points", "paper.csv")));
        var profiles = options.Voltages.Select(volts => errors.At(OperatingPoint.Nominal with { Voltage = new Volts(volts) }, depth: 1)).ToList();
        var workers = new ConcurrentBag<DecodingWorker>();
        // The runs themselves stay clean; every product is put under the flips of each voltage in turn.
        var strategy = lab.Strategy(() => new UniformPolicy(OperatingPoint.Nominal), OutputForm.Saturating, Protection.Decoding());
        new PictureBatch(lab.Pipeline, options.Sampling.Threads).Draw(new Drawing(lab.Requests, runs =>
        {
            var worker = new DecodingWorker(profiles, options.Codes, options.Draws);
            workers.Add(worker);
            return new GuardedGemm(lab.Platform, strategy, lab.Layers, runs) { Watch = product => worker.Try(runs[product.Picture].Request.Seed, product) };
        }), options.Sampling.Settings, session.Cancellation);

        var results = (from v in Enumerable.Range(0, profiles.Count)
                       from c in Enumerable.Range(0, options.Codes.Count)
                       select new DecodingResult(options.Codes[c], options.Voltages[v], profiles[v].RatePerElement,
                           workers.Select(worker => worker.Outcomes[v, c]).Aggregate((a, b) => a + b))).ToList();
        folder.Write("decoding.csv", DecodingTable.ToCsv(results));
        folder.Write("decoding.png", DecodingChart.ToPng(results));
        var target = folder.Commit(session.Cancellation);
        DecodingTable.Print(session.Out, results);
        session.Out.WriteLine($"Written to {target}");
        return ErrorPolicy.Success;
    }
}
