namespace Drift.Abft;

/// <summary>
/// ThUnderVolt, as DRIFT's authors compare with it: an accumulator of magnitude 2^18 or more counts as hit and becomes 0. Sums are not needed. It finds no smaller flip, and destroys sound accumulators
/// of that size.
/// </summary>
/// <param name="limit">Smallest magnitude that becomes 0, at least 1.</param>
public sealed class ZeroLargeAccumulators(int limit = 1 << 18) : ICorrector
{
    /// <inheritdoc/>
    public void Correct(in SuspectProduct product, Finding finding, Corrections corrections)
    {
        ArgumentNullException.ThrowIfNull(finding);
        ArgumentNullException.ThrowIfNull(corrections);
        var (m, n, _) = product.Output.Shape;
        finding.Reset(m, n, product.Deviations.Tile);
        for (var i = 0; i < m; i++)
        {
            var row = product.Output.Row(i);
            for (var j = 0; j < n; j++)
            {
                if (Math.Abs((long)row[j]) >= limit)
                    corrections.Replace(i, j, 0);
            }
        }
    }
}
