namespace Drift.Abft;

/// <summary>
/// Dual modular redundancy: every product is executed twice at its point and compared; a tile of 32 that differs anywhere is computed again at the nominal point. Misses what both executions
/// got wrong alike.
/// </summary>
public sealed class DuplicateExecution : ICorrector
{
    /// <inheritdoc/>
    public int FurtherProducts => 1;

    /// <inheritdoc/>
    public void Correct(in SuspectProduct product, Finding finding, Corrections corrections)
    {
        ArgumentNullException.ThrowIfNull(finding);
        finding.Reset(product.Output.Shape.M, product.Output.Shape.N, product.Deviations.Tile);
        var nominal = product.Nominal;
        nominal.CompareExecutions(area => nominal.Recompute(area, corrections));
    }
}
