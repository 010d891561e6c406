using System.Diagnostics;
using System.Globalization;

namespace Drift.Bench;

/// <summary><c>drift sweep</c>: claims the folder, takes up what was done before, runs the rest, writes the results.</summary>
internal static class Campaign
{
    /// <summary>Runs it.</summary>
    /// <param name="options">All settings.</param>
    /// <param name="session">Where it writes and what stops it.</param>
    /// <returns>The exit code.</returns>
    public static int Run(SweepOptions options, Session session)
    {
        var plan = options.Plan;
        using var lab = new CampaignLab(plan, options.Model, CampaignModel.Open(plan, options.Model), options.Backend);
        if (options.DryRun)
            return Foretell(options, lab, session);
        // What cannot be measured is refused before the folder is claimed.
        _ = new TrialWorker(lab);
        foreach (var shard in options.Merge)
            RequireSame(shard, plan);
        using var folder = CampaignFolder.Open(options.Folder, plan);
        if (options.Tasks is { } tasks)
        {
            SlurmScripts.Write(folder, tasks, options.Threads);
            session.Out.WriteLine($"Written to {folder.Path}: sbatch array.sh, then merge.sh");
            return ErrorPolicy.Success;
        }

        var states = Enumerable.Range(0, plan.Cells).Select(_ => new CellState(plan)).ToList();
        TakeUp(folder, plan, states, session);
        using var journal = new Journal<TrialRow>(folder.Journal);
        foreach (var shard in options.Merge)
            Merge(shard, states, journal);
        var run = new CampaignRun(lab, states, journal, options.Threads) { Mine = options.Shard.Has };
        var progress = new CampaignProgress(plan, states, options.Shard.Has, options.Json ? session.Out : null);
        try
        {
            progress.Show(session, told => run.Run(told, session.Cancellation));
            Say(options, session, run, progress.Status(run), journal);
            if (options.Shard == Shard.Whole)
            {
                foreach (var line in CampaignResults.Write(folder, lab, states, session.Cancellation).Lines(plan).Where(_ => !options.Json))
                    session.Out.WriteLine(line);
            }
        }
        catch (OperationCanceledException)
        {
            journal.Sync();
            folder.Write(CellsCsv.FileName, CellsCsv.Write(plan, states));
            return ErrorPolicy.Tell(session.Error, $"stopped; {states.Sum(state => (long)state.Count)} trials are kept in {folder.Path}, and the same command goes on from there", ErrorPolicy.Cancelled);
        }

        if (!options.Json)
            session.Out.WriteLine($"Written to {folder.Path}");
        return ErrorPolicy.Success;
    }

    /// <summary>Counts the trials of earlier runs.</summary>
    /// <exception cref="UserErrorException">They are of another plan: it was edited after they were drawn.</exception>
    private static void TakeUp(CampaignFolder folder, CampaignPlan plan, List<CellState> states, Session session)
    {
        var hash = plan.Hash();
        var dropped = Journal<TrialRow>.Repair(folder.Journal, row =>
        {
            if (row.Plan != hash)
                throw new UserErrorException($"{folder.Journal}: trials of the plan {row.Plan}, where {CampaignFolder.PlanFile} is {hash}: it was edited after the run began; expected it as it was, or a new folder");
            states[row.Cell].Take(row);
        });
        if (dropped > 0)
            session.Error.WriteLine($"drift: {folder.Journal}: {dropped} damaged {(dropped == 1 ? "record was" : "records were")} dropped and will be drawn again");
    }

    private static void RequireSame(string shard, CampaignPlan plan)
    {
        var file = Path.Combine(shard, CampaignFolder.PlanFile);
        if (!File.Exists(file))
            throw new UserErrorException($"--merge: {shard} has no {CampaignFolder.PlanFile}; expected the folder of a shard");
        if (CampaignPlan.Read(file).DifferencesTo(plan) is { Count: > 0 } differences)
            throw new UserErrorException($"--merge: {shard} holds a campaign of another plan ({differences[0]}); expected shards of one plan");
    }

    /// <summary>Takes over the trials of a shard that are not here yet, so a second time takes over nothing, and the order of shards does not matter.</summary>
    private static void Merge(string shard, List<CellState> states, Journal<TrialRow> journal)
    {
        var file = Path.Combine(shard, CampaignFolder.JournalFile);
        if (!File.Exists(file))
            return;
        Journal<TrialRow>.Read(file, row =>
        {
            if (row.Cell < states.Count && states[row.Cell].Take(row))
                journal.Append(row);
        });
    }

    /// <summary>Counts, and times that a clean run and one trial of the first cell foretell.</summary>
    private static int Foretell(SweepOptions options, CampaignLab lab, Session session)
    {
        var (plan, worker, clock) = (options.Plan, new TrialWorker(lab), Stopwatch.StartNew());
        lab.Clean(0, 0, worker, session.Cancellation);
        clock.Restart();
        var (row, _) = lab.Run(0, 0, worker, session.Cancellation);
        var (each, steps) = (clock.Elapsed.TotalSeconds / Math.Max(1, row.Steps), Enumerable.Range(0, plan.Cells).Average(lab.StepsOf));
        double Hours(double trials) => (trials * steps + trials / plan.Cells * plan.Steps) * each / options.Threads / 3600;
        var (least, most) = ((double)plan.Cells * StoppingRule.NextLook(plan.Stopping, 0), (double)plan.Cells * plan.Stopping.Ceiling);
        session.Out.WriteLine($"{Numerals.Count(plan.Cells, "cell")}: {string.Join(" x ", plan.Axes.Select(axis => $"{axis.Values.Count} {axis.Name}"))}. Plan {plan.Hash()}.");
        session.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{least:0} to {most:0} trials, {steps:0.#} of {plan.Steps} steps each: {TimeSpan.FromHours(Hours(least)):g} to {TimeSpan.FromHours(Hours(most)):g} on {options.Threads} threads, by the time of one trial just now."));
        if (plan.Stopping.HalfWidth is { } half && Metric.Named(plan.Metrics[0]).Range is { } range)
            session.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"A sample of fixed size (Leveugle et al., DATE 2009, worst variance) would take {plan.Cells * Math.Ceiling(FaultSample.Size(double.PositiveInfinity, half / range)):0} trials."));
        return ErrorPolicy.Success;
    }

    private static void Say(SweepOptions options, Session session, CampaignRun run, CampaignStatus status, Journal<TrialRow> journal)
    {
        if (options.Json)
        {
            CampaignProgress.Write(session.Out, status);
            return;
        }

        var seconds = run.Elapsed.TotalSeconds;
        session.Out.WriteLine($"{Numerals.Count(status.Cells, "cell")}, {Numerals.Count(status.Trials, "trial")}, {status.Drawn} of them drawn now in {Number(seconds)} s.");
        if (status.Drawn > 0)
        {
            session.Out.WriteLine($"{Number(status.TrialsPerSecond)} trials/s; {Number((double)run.Steps / status.Drawn)} of {options.Plan.Steps} steps computed a trial, the rest shared with clean runs; "
                + $"journal {Number(100 * journal.Spent.TotalSeconds / seconds)} % of the time.");
        }
    }

    private static string Number(double value) => Numerals.Of(value, "0.##");
}
