using Drift.Models;

namespace Drift.Bench;

/// <summary>
/// What a cell's trials say so far. Trials may come in any order and more than once; they count once each, in their own order, so the sums have the same bits always. Holds
/// nothing of trials that are counted.
/// </summary>
/// <param name="plan">The campaign.</param>
internal sealed class CellState(CampaignPlan plan)
{
    private readonly SortedDictionary<int, TrialRow> _early = [];
    private readonly Metric _decides = Metric.Named(plan.Metrics[0]);
    private int _look = StoppingRule.NextLook(plan.Stopping, 0);

    /// <summary>Trials counted: those of numbers below this.</summary>
    public int Count { get; private set; }

    /// <summary>Whether it has trials enough.</summary>
    public bool IsDone { get; private set; }

    /// <summary>Trials that it needs before it is looked at.</summary>
    public int Look => _look;

    /// <summary>Values of each metric, in the plan's order.</summary>
    public IReadOnlyList<RunningMean> Metrics { get; } = [.. plan.Metrics.Select(_ => new RunningMean())];

    /// <summary>Flips injected.</summary>
    public long Faults { get; private set; }

    /// <summary>Large faults that nothing covered.</summary>
    public long Missed { get; private set; }

    /// <summary>Elements replaced.</summary>
    public long Mended { get; private set; }

    /// <summary>The trials that it wants before the next look.</summary>
    public IEnumerable<int> Wanted => IsDone ? [] : Enumerable.Range(Count, _look - Count).Where(trial => !_early.ContainsKey(trial));

    /// <summary>The interval of a metric.</summary>
    /// <param name="metric">Its place in the plan.</param>
    public ConfidenceInterval Interval(int metric) => StoppingRule.Interval(plan.Stopping, Metric.Named(plan.Metrics[metric]), Metrics[metric]);

    /// <summary>Takes a trial.</summary>
    /// <param name="row">The trial.</param>
    /// <returns>Whether it was new.</returns>
    public bool Take(TrialRow row)
    {
        if (IsDone || row.Trial < Count || !_early.TryAdd(row.Trial, row))
            return false;
        while (!IsDone && _early.Remove(Count, out var next))
            Fold(next);
        return true;
    }

    private void Fold(TrialRow row)
    {
        Count++;
        for (var i = 0; i < Metrics.Count; i++)
            Metrics[i].Add(row.Metrics[i]);
        (Faults, Missed, Mended) = (Faults + row.Faults, Missed + row.Missed, Mended + row.Mended);
        if (Count < _look)
            return;
        IsDone = StoppingRule.IsEnough(plan.Stopping, _decides, Metrics[0]);
        if (!IsDone)
            _look = StoppingRule.NextLook(plan.Stopping, Count);
    }
}
