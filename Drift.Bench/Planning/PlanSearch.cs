using System.Globalization;
using Drift.Models;

namespace Drift.Bench;

/// <summary>A part of the run, moved away from its neighbours' voltage.</summary>
/// <param name="Part">Which part.</param>
/// <param name="Volts">Its voltage.</param>
/// <param name="Quality">What the mean quality changed by. Measured.</param>
/// <param name="Cost">What the objective changed by. Modelled.</param>
internal sealed record PartSensitivity(string Part, double Volts, double Quality, double Cost);

/// <summary>
/// The search: the lowest uniform voltage of every code under the budget, by bisection; the best code's checkpoint interval; then the parts of the run one by one, the least sensitive for what they save
/// lowered first, and the most sensitive raised where that lets all others fall. Every step is a measurement on the calibration pictures.
/// </summary>
/// <param name="options">The plan's settings.</param>
/// <param name="bench">The calibration pictures.</param>
/// <param name="report">Told every step in a line.</param>
internal sealed class PlanSearch(PlanOptions options, TrialBench bench, Action<string> report)
{
    private const int Decimals = 4;
    private readonly List<PlanTrial> _trials = [];
    private PlanTrial? _paper;

    /// <summary>Everything that was tried.</summary>
    public IReadOnlyList<PlanTrial> Trials => _trials;

    /// <summary>How each part answers to a lower voltage, from the uniform point that the plan was made of.</summary>
    public IReadOnlyList<PartSensitivity> Sensitivities { get; private set; } = [];

    /// <summary>The paper's schedule on the calibration pictures.</summary>
    public PlanTrial Paper => _paper ??= Try(options.PaperSchedule());

    /// <summary>The grid of voltages, ascending.</summary>
    private double[] Grid => [.. Enumerable.Range(0, (int)Math.Round((options.Highest - options.Lowest) / options.Step) + 1).Select(i => Math.Round(options.Lowest + i * options.Step, Decimals))];

    /// <summary>Searches.</summary>
    /// <returns>The best that keeps the budget; null where nothing does.</returns>
    public PlanTrial? Run()
    {
        report($"paper's schedule: {Text(Paper)}");
        var codes = options.Codes.Select(Lowest).OfType<PlanTrial>().OrderBy(Objective).ToList();
        PlanTrial? best = null;
        foreach (var code in codes.Take(options.Schedules))
        {
            var (schedule, sensitivities) = Schedule(BestInterval(code));
            if (best is null || Objective(schedule) < Objective(best))
                (best, Sensitivities) = (schedule, sensitivities);
        }

        return best;
    }

    /// <summary>Every voltage of a policy a step of the grid higher, up to its end: for a plan that did not hold on fresh pictures.</summary>
    /// <param name="policy">The policy.</param>
    public PolicyFile Raised(PolicyFile policy) =>
        policy with { Points = [.. policy.Points.Select(point => point with { Volts = Math.Min(options.Highest, Math.Round(point.Volts + options.Step, Decimals)) })] };

    /// <summary>Whether a trial keeps the budget with a standard error to spare.</summary>
    /// <param name="trial">The trial.</param>
    public bool Keeps(PlanTrial trial)
    {
        var margins = options.Budget.Margins(trial.Qualities, Paper.Qualities);
        var mean = margins.Average();
        var error = margins.Count < 2 ? 0 : Math.Sqrt(margins.Sum(margin => (margin - mean) * (margin - mean)) / (margins.Count - 1) / margins.Count);
        return mean >= error;
    }

    /// <summary>The lowest uniform voltage at which a code keeps the budget, found by halving the grid.</summary>
    private PlanTrial? Lowest(string code)
    {
        var interval = code == "rollback" ? options.Sampling.Model.Kind.Schedule.Interval : options.Sampling.Steps;
        PlanTrial At(double volts) => Try(new PolicyFile { Protection = code, Tile = Math.Min(options.Tile, ProtectionCatalog.LargestTile(code)), Interval = interval, Wide = options.Wide, Points = [new PolicyPoint(volts)] });
        var grid = Grid;
        var (low, high) = (0, grid.Length - 1);
        if (!Keeps(At(grid[high])))
        {
            report($"{code}: does not keep {options.Budget} even at {grid[high]} V: {Text(At(grid[high]))}");
            return null;
        }

        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = Keeps(At(grid[middle])) ? (low, middle) : (middle + 1, high);
        }

        report($"{code}: lowest uniform voltage {grid[high].ToString(CultureInfo.InvariantCulture)} V, {Text(At(grid[high]))}");
        return At(grid[high]);
    }

    /// <summary>A code with the checkpoint interval that makes it cheapest.</summary>
    private PlanTrial BestInterval(PlanTrial code)
    {
        var best = code;
        foreach (var interval in new[] { options.Sampling.Model.Kind.Schedule.Interval, options.Sampling.Steps }.Where(interval => interval != best.Policy.Interval))
            best = Better(best, Try(best.Policy with { Interval = interval }));
        return best;
    }

    /// <summary>From a uniform point to a schedule.</summary>
    private (PlanTrial Plan, IReadOnlyList<PartSensitivity> Sensitivities) Schedule(PlanTrial uniform)
    {
        var (best, volts, sensitivities) = (uniform, uniform.Policy.Points[0].Volts, new List<PartSensitivity>());
        var parts = Parts().ToList();
        double Moved(int steps) => Math.Clamp(Math.Round(volts + steps * options.Step, Decimals), options.Lowest, options.Highest);
        var lower = Moved(-2);
        // At the end of the grid nothing can fall; what a part answers to is then seen from above.
        var probe = lower < volts ? lower : Moved(2);
        foreach (var part in parts)
        {
            var trial = Try(With(uniform.Policy, part with { Volts = probe }));
            sensitivities.Add(new PartSensitivity(Name(part), probe, trial.Quality - uniform.Quality, Objective(trial) - Objective(uniform)));
            report($"sensitivity, {Name(part)} at {probe.ToString(CultureInfo.InvariantCulture)} V: {Text(trial)}");
        }

        if (lower < volts)
        {
            // What costs least quality for what it saves goes first; each stays only if all of them together keep the budget.
            foreach (var part in sensitivities.Zip(parts).OrderBy(pair => -pair.First.Quality / Math.Max(1e-9, -pair.First.Cost)).Select(pair => pair.Second))
                best = Better(best, Try(With(best.Policy, part with { Volts = lower })));
        }

        // The other way round: everything lower, and the parts that answer most strongly back up again.
        for (var floor = Moved(-1); floor < volts && floor >= options.Lowest && sensitivities.Count > 0; floor = Math.Round(floor - options.Step, Decimals))
        {
            var before = best;
            var policy = uniform.Policy with { Points = [new PolicyPoint(floor)] };
            foreach (var part in sensitivities.Zip(parts).OrderBy(pair => pair.First.Quality).Take(2).Select(pair => pair.Second))
            {
                policy = With(policy, part with { Volts = Moved(2) });
                best = Better(best, Try(policy));
            }

            if (best == before)
                break;
        }

        report($"schedule: {Text(best)}");
        return (best, sensitivities);
    }

    /// <summary>Stretches of the run whose sensitivities are measured.</summary>
    private IEnumerable<PolicyPoint> Parts()
    {
        var scope = bench.Scope;
        var early = Math.Min(scope.Steps, Math.Max(1, options.Sampling.Model.Kind.Schedule.SafeSteps));
        var middle = (early + scope.Steps) / 2;
        foreach (var (from, to) in new[] { (0, early), (early, middle), (middle, scope.Steps) }.Where(range => range.Item1 < range.Item2))
            yield return new PolicyPoint(0) { Steps = Selection.Listed(Enumerable.Range(from, to - from)) };
        if (scope.Blocks.Count > 1)
            yield return new PolicyPoint(0) { Blocks = Selection.Listed([scope.Blocks.Min()]) };
        var feedForward = scope.Roles.Where(role => $"{role}".StartsWith("FeedForward", StringComparison.Ordinal)).ToList();
        if (feedForward.Count > 0 && feedForward.Count < scope.Roles.Count)
        {
            yield return new PolicyPoint(0) { Roles = string.Join(",", feedForward) };
            yield return new PolicyPoint(0) { Roles = string.Join(",", scope.Roles.Except(feedForward)) };
        }
    }

    private static PolicyFile With(PolicyFile policy, PolicyPoint point) => policy with { Points = [.. policy.Points, point] };

    private static string Name(PolicyPoint part) => part switch
    {
        { Steps: not Selection.All } => $"steps {part.Steps}",
        { Blocks: not Selection.All } => $"block {part.Blocks}",
        _ => part.Roles,
    };

    private PlanTrial Better(PlanTrial best, PlanTrial other) => Keeps(other) && Objective(other) < Objective(best) ? other : best;

    private double Objective(PlanTrial trial) => trial.Cost.By(options.Objective);

    private PlanTrial Try(PolicyFile policy)
    {
        var trial = bench.Try(policy);
        if (!_trials.Contains(trial))
            _trials.Add(trial);
        return trial;
    }

    private string Text(PlanTrial trial) => string.Create(CultureInfo.InvariantCulture,
        $"{options.Budget.Metric} {trial.Quality:F4}, energy saved {100 * (1 - trial.Cost.Energy):F1} % at the paper's ratio ({100 * (1 - trial.Cost.OwnEnergy):F1} % of its own), speed-up {1 / trial.Cost.Time:F2}");
}
