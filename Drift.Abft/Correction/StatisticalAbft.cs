namespace Drift.Abft;

/// <summary>
/// StatABFT (ReaLM, arXiv 2503.24053): a tile's column deviations are judged together. With the sum of their magnitudes MSD and the number of deviating columns f, a tile is critical where
/// log2 f &lt; a log2 MSD - b: few large errors rather than many small ones. Critical tiles are computed again at the nominal point, others are left.
/// </summary>
/// <remarks>
/// a = 1.5 and b = 25 are those of a sensitive component, quoted in the notes on the paper. Which side of the line is critical, and that it is asked of a tile, is inferred here.
/// </remarks>
/// <param name="slope">a.</param>
/// <param name="offset">b.</param>
public sealed class StatisticalAbft(double slope = 1.5, double offset = 25) : ICorrector
{
    /// <inheritdoc/>
    public void Correct(in SuspectProduct product, Finding finding, Corrections corrections)
    {
        ArgumentNullException.ThrowIfNull(finding);
        var sums = product.Deviations;
        finding.Reset(sums.M, sums.N, sums.Tile);
        for (var tileRow = 0; tileRow < sums.TileRows; tileRow++)
        {
            for (var tileColumn = 0; tileColumn < sums.TileColumns; tileColumn++)
            {
                var left = tileColumn * sums.Tile;
                if (IsCritical(sums.Columns.Slice(tileRow * sums.N + left, Math.Min(sums.Tile, sums.N - left))))
                    product.Nominal.Recompute(new TileArea(tileRow, tileColumn, sums.Tile), corrections);
            }
        }
    }

    private bool IsCritical(ReadOnlySpan<int> deviations)
    {
        var (magnitude, count) = (0L, 0);
        foreach (var deviation in deviations)
        {
            magnitude += Math.Abs((long)deviation);
            count += deviation == 0 ? 0 : 1;
        }

        return count > 0 && Math.Log2(count) < slope * Math.Log2(magnitude) - offset;
    }
}
