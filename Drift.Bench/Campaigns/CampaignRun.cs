using System.Collections.Concurrent;
using System.Diagnostics;

namespace Drift.Bench;

/// <summary>
/// The trials of a campaign, round by round: every cell that is not done draws up to its next look, all cells from the same seeds, so that a clean run serves all of them and
/// is then forgotten. Threads take trials one at a time; each is taken down the moment it is finished.
/// </summary>
/// <param name="lab">What all workers share.</param>
/// <param name="states">What the cells' trials say so far, one a cell.</param>
/// <param name="journal">Takes trials down.</param>
/// <param name="threads">Threads at work, at least 1.</param>
internal sealed class CampaignRun(CampaignLab lab, IReadOnlyList<CellState> states, Journal<TrialRow> journal, int threads)
{
    private readonly ConcurrentBag<TrialWorker> _workers = [];
    private readonly Lock _taking = new();
    private readonly Stopwatch _clock = Stopwatch.StartNew();

    /// <summary>Cells that this run works on; null for all.</summary>
    public Func<int, bool>? Mine { get; init; }

    /// <summary>Trials drawn by this run.</summary>
    public int Drawn { get; private set; }

    /// <summary>Steps that were computed for them.</summary>
    public long Steps { get; private set; }

    /// <summary>Time since it began.</summary>
    public TimeSpan Elapsed => _clock.Elapsed;

    /// <summary>Runs it to its end.</summary>
    /// <param name="progress">Told of the run after every trial, from any thread but one at a time.</param>
    /// <param name="cancellation">Stops between steps.</param>
    /// <exception cref="OperationCanceledException">Cancelled; what was finished is in the journal.</exception>
    /// <exception cref="UserErrorException">The journal takes no more.</exception>
    public void Run(Action<CampaignRun> progress, CancellationToken cancellation)
    {
        while (Round() is { Count: > 0 } round)
        {
            var waiting = new ConcurrentDictionary<CleanRun, int>(round.GroupBy(task => lab.CleanRunOf(task.Cell, task.Trial)).Select(group => KeyValuePair.Create(group.Key, group.Count())));
            var queue = Partitioner.Create(Ahead(round), EnumerablePartitionerOptions.NoBuffering);
            try
            {
                Parallel.ForEach(queue, new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellation }, Worker, (task, _, worker) =>
                {
                    if (task.IsClean)
                    {
                        lab.Clean(task.Cell, task.Trial, worker, cancellation);
                        return worker;
                    }

                    var (row, _) = lab.Run(task.Cell, task.Trial, worker, cancellation);
                    lock (_taking)
                    {
                        journal.Append(row);
                        states[row.Cell].Take(row);
                        (Drawn, Steps) = (Drawn + 1, Steps + row.Steps);
                        progress(this);
                    }

                    var key = lab.CleanRunOf(task.Cell, task.Trial);
                    if (waiting.AddOrUpdate(key, 0, (_, left) => left - 1) == 0)
                        lab.Drop(key);
                    return worker;
                }, _workers.Add);
            }
            catch (AggregateException e) when (e.InnerExceptions.Count > 0)
            {
                // One trial's failure is the run's: the first one stands for all.
                System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
            }
        }

        journal.Sync();
    }

    private TrialWorker Worker() => _workers.TryTake(out var worker) ? worker : new TrialWorker(lab);

    /// <summary>What is wanted before the next looks, by trial and then by cell.</summary>
    private List<(int Cell, int Trial)> Round() =>
        [.. from cell in Enumerable.Range(0, states.Count) where Mine?.Invoke(cell) != false from trial in states[cell].Wanted orderby trial, cell select (cell, trial)];

    /// <summary>Clean runs stand in the queue a trial's number ahead of those that need them, so that no thread waits for the other to finish one.</summary>
    private IEnumerable<(int Cell, int Trial, bool IsClean)> Ahead(IReadOnlyList<(int Cell, int Trial)> round)
    {
        var groups = round.GroupBy(task => task.Trial).Select(group => group.ToList()).ToList();
        for (var i = -1; i < groups.Count; i++)
        {
            if (i + 1 < groups.Count)
            {
                foreach (var (cell, trial) in groups[i + 1].DistinctBy(task => lab.CleanRunOf(task.Cell, task.Trial)))
                    yield return (cell, trial, true);
            }

            if (i < 0)
                continue;
            foreach (var (cell, trial) in groups[i])
                yield return (cell, trial, false);
        }
    }
}
