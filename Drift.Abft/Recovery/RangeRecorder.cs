namespace Drift.Abft;

/// <summary>Mends nothing and writes down the range of every layer's outputs: what a clean run passes through before <see cref="RangeClamp"/> can work.</summary>
/// <param name="profile">Takes the ranges.</param>
public sealed class RangeRecorder(RangeProfile profile) : IRecovery
{
    /// <inheritdoc/>
    public void Prepare(Finding finding, Checkpoint? checkpoint)
    {
    }

    /// <inheritdoc/>
    public Repair Mend(Finding finding, Checkpoint? checkpoint, LayerOutput output)
    {
        profile.Widen(output.Layer, output.Values);
        return default;
    }
}
