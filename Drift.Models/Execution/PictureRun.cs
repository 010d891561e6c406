using Drift.Abft;
using Drift.Dvfs;
using Drift.Kernels;

namespace Drift.Models;

/// <summary>A picture in flight: its request, its own checkpoints and its own ledger.</summary>
/// <param name="request">What is drawn.</param>
/// <param name="checkpoints">Keeps the mended outputs of its layers, disposed with this; null for a store in host memory.</param>
public sealed class PictureRun(PictureRequest request, ICheckpointStore? checkpoints = null) : IDisposable
{
    private Queue<Action> _deferred = [];

    /// <summary>What is drawn.</summary>
    public PictureRequest Request => request;

    /// <summary>Seed of its faults: the picture's own, unless one picture is drawn under many.</summary>
    public ulong FaultSeed { get; init; } = request.Seed;

    /// <summary>The newest mended outputs of its layers.</summary>
    public ICheckpointStore Checkpoints { get; } = checkpoints ?? new CheckpointStore();

    /// <summary>What happened and what it cost.</summary>
    public RunLedger Ledger { get; } = new();

    /// <summary>Writes down every charge; null for nobody.</summary>
    public RunTrace? Trace { get; init; }

    /// <summary>Where the picture is at work; attention stands where the product before it stood.</summary>
    public GemmSite Site { get; set; }

    /// <summary>Notes work in the ledger, and in the trace where there is one: the only way into both, so that they agree. Behind work that is deferred it waits for its turn.</summary>
    /// <param name="kind">What it was.</param>
    /// <param name="cost">What it cost.</param>
    /// <param name="events">What a product met; nothing for other work.</param>
    /// <param name="mended">Elements replaced.</param>
    public void Charge(ChargeKind kind, Cost cost, ProductEvents? events = null, int mended = 0)
    {
        var row = new TraceRow(Site, kind, cost, events, mended);
        if (_deferred.Count == 0)
            Enter(row);
        else
            EnterLater(row);
    }

    /// <summary>Defers what is not known yet, because a device is still at work on it. Charges to come wait behind it, so that the order stays that of the work.</summary>
    /// <param name="work">Enters it; charges made there stand at the site of now.</param>
    public void Defer(Action work)
    {
        ArgumentNullException.ThrowIfNull(work);
        var site = Site;
        _deferred.Enqueue(() =>
        {
            Site = site;
            work();
        });
    }

    /// <summary>Enters everything that was deferred.</summary>
    public void Settle()
    {
        var (site, deferred) = (Site, _deferred);
        _deferred = [];
        foreach (var work in deferred)
            work();
        Site = site;
    }

    /// <summary>A method of its own, so that a charge that does not wait makes no closure.</summary>
    private void EnterLater(TraceRow row) => _deferred.Enqueue(() => Enter(row));

    private void Enter(TraceRow row)
    {
        Ledger.Charge(row.Cost);
        Trace?.Add(row);
    }

    /// <summary>The layer's newest checkpoint from before the site's step, as far as is known sound; null where there is none. Damaged ones go into the ledger.</summary>
    /// <param name="site">The product at work.</param>
    public Checkpoint? Recall(GemmSite site)
    {
        var known = Checkpoints.Damaged;
        Checkpoints.TryOpen(site.Layer, site.Step, out var checkpoint);
        Ledger.Lose(Checkpoints.Damaged - known);
        return checkpoint;
    }

    /// <summary>Mends a product. Where changed bytes were read on the way, the checkpoint they stood in is dropped, and what was mended is mended again from an older one, or without.</summary>
    /// <param name="recovery">Mends.</param>
    /// <param name="site">The product at work.</param>
    /// <param name="finding">The verdict.</param>
    /// <param name="checkpoint">What <see cref="Recall"/> gave.</param>
    /// <param name="output">The layer's outputs.</param>
    public Repair Mend(IRecovery recovery, GemmSite site, Finding finding, Checkpoint? checkpoint, LayerOutput output)
    {
        ArgumentNullException.ThrowIfNull(recovery);
        var repair = recovery.Mend(finding, checkpoint, output);
        for (var known = Checkpoints.Damaged; checkpoint is not null && Checkpoints.Drop(site.Layer); known = Checkpoints.Damaged)
        {
            Ledger.Lose(Checkpoints.Damaged - known);
            checkpoint = Recall(site);
            repair = recovery.Mend(finding, checkpoint, output);
        }

        return repair;
    }

    /// <inheritdoc/>
    public void Dispose() => Checkpoints.Dispose();
}
