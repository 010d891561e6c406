namespace Drift.Abft;

/// <summary>
/// Classical ABFT: a tile with any deviating line is computed again at the nominal point, whole (Huang and Abraham, "Algorithm-based fault tolerance for matrix operations",
/// IEEE Transactions on Computers C-33(6), 1984, for detection).
/// </summary>
/// <param name="threshold">Smallest deviation that counts, at least 1; 1 for every one.</param>
public sealed class Recomputation(int threshold = 1) : ICorrector
{
    private readonly ThresholdRule _rule = new(threshold);
    private readonly Finding _flagged = new();

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The threshold is above 1 and rows have odd weights, which deviate by more than their flips.</exception>
    public void Correct(in SuspectProduct product, Finding finding, Corrections corrections)
    {
        ArgumentNullException.ThrowIfNull(finding);
        ArgumentNullException.ThrowIfNull(corrections);
        if (threshold > 1)
            product.RequirePlainRows();
        var (m, n, _) = product.Output.Shape;
        var tile = product.Deviations.Tile;
        finding.Reset(m, n, tile);
        _rule.Judge(product.Deviations, _flagged);
        for (var tileRow = 0; tileRow < _flagged.TileRows; tileRow++)
        {
            for (var tileColumn = 0; tileColumn < _flagged.TileColumns; tileColumn++)
            {
                var lines = _flagged.At(tileRow, tileColumn);
                if (lines.Rows.Count + lines.Columns.Count > 0)
                    product.Nominal.Recompute(new TileArea(tileRow, tileColumn, tile), corrections);
            }
        }
    }
}
