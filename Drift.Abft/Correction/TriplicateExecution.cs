namespace Drift.Abft;

/// <summary>Triple modular redundancy: every product is executed three times at its point, and each bit takes the majority's value. Nothing is computed again.</summary>
public sealed class TriplicateExecution : ICorrector
{
    /// <inheritdoc/>
    public int FurtherProducts => 2;

    /// <inheritdoc/>
    public void Correct(in SuspectProduct product, Finding finding, Corrections corrections)
    {
        ArgumentNullException.ThrowIfNull(finding);
        finding.Reset(product.Output.Shape.M, product.Output.Shape.N, product.Deviations.Tile);
        product.Nominal.Vote(corrections);
    }
}
