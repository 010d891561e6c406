namespace Drift.Abft;

/// <summary>ApproxABFT's recovery, as DRIFT's authors compare with it: every masked element becomes 0. Nothing is kept and nothing is fetched.</summary>
public sealed class ZeroMask : IRecovery
{
    private readonly Rollback _withoutCheckpoint = new();

    /// <inheritdoc/>
    public void Prepare(Finding finding, Checkpoint? checkpoint)
    {
    }

    /// <inheritdoc/>
    public Repair Mend(Finding finding, Checkpoint? checkpoint, LayerOutput output) => _withoutCheckpoint.Mend(finding, null, output);
}
