using System.Globalization;
using Drift.Models;

namespace Drift.Bench;

/// <summary><c>drift plan</c>: searches on some pictures, verifies on fresh ones, writes the policy. What it measures is kept until it is done.</summary>
internal static class PlanRun
{
    private const int Verifications = 3;

    /// <summary>Runs it.</summary>
    /// <param name="options">All settings.</param>
    /// <param name="session">Where it writes and what stops it.</param>
    /// <returns>The exit code.</returns>
    public static int Run(PlanOptions options, Session session)
    {
        var started = DateTime.UtcNow;
        var target = options.Sampling.Out ?? Path.Combine("results", $"plan-{options.Sampling.Model.Name}");
        using var folder = new OutputFolder(target);
        using var journal = new PlanJournal($"{Path.TrimEndingDirectorySeparator(target)}.journal", options.ToLine());
        try
        {
            using var bench = new TrialBench(options, 0, options.Sampling.Images, journal, session.Cancellation);
            var search = new PlanSearch(options, bench, session.Out.WriteLine);
            var plan = search.Run() ?? throw CannotBeMet(options, search, journal);
            var (policy, verifications) = Verify(options, search, plan.Policy, journal, session);
            var result = new PlanResult(options.ToSettings(), policy, verifications, search.Sensitivities, search.Trials);
            folder.Write("policy.json", policy.Write());
            folder.Write("plan.json", ResultJson.Write(result));
            folder.Write("run.json", ResultJson.Write(RunRecord.Of(options.Sampling, options.ToSettings(), started)));
            var written = folder.Commit(session.Cancellation);
            journal.Clear();
            PlanTable.Print(session.Out, options, result);
            session.Out.WriteLine($"Written to {written}; drift compare --model {options.Sampling.Model.Name} --policy {Path.Combine(target, "policy.json")} runs it.");
            return verifications[^1].Kept ? ErrorPolicy.Success : ErrorPolicy.Failure;
        }
        catch (OperationCanceledException) when (journal.Count > 0)
        {
            return ErrorPolicy.Tell(session.Error, $"cancelled; what was measured so far is kept in {journal.Path}, and the same command goes on from there", ErrorPolicy.Cancelled);
        }
    }

    /// <summary>On fresh pictures; a plan that does not hold there is raised by a step of the grid and tried on fresh ones again.</summary>
    private static (PolicyFile Policy, IReadOnlyList<PlanVerification> Verifications) Verify(PlanOptions options, PlanSearch search, PolicyFile policy, PlanJournal journal, Session session)
    {
        var verifications = new List<PlanVerification>();
        while (true)
        {
            var first = options.Sampling.Images + verifications.Count * options.Fresh;
            using var bench = new TrialBench(options, first, options.Fresh, journal, session.Cancellation);
            verifications.Add(Verification(options, first, bench.Try(policy), bench.Try(options.PaperSchedule())));
            session.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{options.Fresh} fresh pictures: {(verifications[^1].Kept ? "the budget holds" : "the budget does not hold")}"));
            if (verifications[^1].Kept || verifications.Count == Verifications)
                return (policy, verifications);
            policy = search.Raised(policy);
        }
    }

    private static PlanVerification Verification(PlanOptions options, int first, PlanTrial plan, PlanTrial paper)
    {
        var margin = ConfidenceInterval.Of([.. options.Budget.Margins(plan.Qualities, paper.Qualities)]);
        double Saved(double relative) => 100 * (1 - relative);
        return new PlanVerification(plan.Qualities.Count, options.Sampling.SeedOf(first), (double.IsNaN(margin.Low) ? margin.Mean : margin.Low) >= 0,
            ConfidenceInterval.Of(plan.Qualities), ConfidenceInterval.Of(paper.Qualities), ConfidenceInterval.Of([.. plan.Qualities.Zip(paper.Qualities, (a, b) => a - b)]),
            Saved(plan.Cost.Energy), Saved(paper.Cost.Energy), Saved(plan.Cost.OwnEnergy), Saved(paper.Cost.OwnEnergy), 1 / plan.Cost.Time, 1 / paper.Cost.Time);
    }

    private static UserErrorException CannotBeMet(PlanOptions options, PlanSearch search, PlanJournal journal)
    {
        var best = search.Trials.Where(trial => trial.Policy.Policy != "paper").MaxBy(trial => trial.Quality)!;
        var point = best.Policy.Points[0];
        journal.Clear();
        return new UserErrorException(string.Create(CultureInfo.InvariantCulture,
            $"--budget: nothing from {options.Lowest} to {options.Highest} V keeps {options.Budget} on {options.Sampling.Images} pictures; the best found is {best.Policy.Protection} at {point.Volts} V with {options.Budget.Metric} {best.Quality:F4}, at {100 * best.Cost.Energy:F1} % of the nominal energy and {100 * best.Cost.Time:F1} % of the time (modelled)"));
    }
}
