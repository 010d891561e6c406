namespace Drift.Abft;

/// <summary>
/// Razor-like detect and replay: a second latch notices each late bit, and the array stands still for a cycle while the right one is taken (Ernst et al., "Razor", MICRO 2003). Detection is taken as
/// complete, which is the technique's best case; the latches cost energy in every cycle.
/// </summary>
public sealed class RazorReplay : ICorrector
{
    /// <summary>Energy of the latches over that of the product: 3.1 %, quoted from the paper's processor, not measured on an array.</summary>
    public double ExecutionOverhead => 0.031;

    /// <inheritdoc/>
    public void Correct(in SuspectProduct product, Finding finding, Corrections corrections)
    {
        ArgumentNullException.ThrowIfNull(finding);
        finding.Reset(product.Output.Shape.M, product.Output.Shape.N, product.Deviations.Tile);
        product.Nominal.ReplayAll(corrections);
    }
}
