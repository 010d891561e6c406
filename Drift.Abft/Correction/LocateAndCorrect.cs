namespace Drift.Abft;

/// <summary>
/// Locate and correct: a row and a column of a tile that deviate by the same amount, as no other line of the tile does, cross at the fault, and the deviation is taken off (Huang and Abraham 1984). Exact for
/// one fault a line; lines with several, and equal deviations, are left as they are.
/// </summary>
public sealed class LocateAndCorrect : ICorrector
{
    /// <inheritdoc/>
    /// <exception cref="ArgumentException">Rows have odd weights.</exception>
    public void Correct(in SuspectProduct product, Finding finding, Corrections corrections)
    {
        ArgumentNullException.ThrowIfNull(finding);
        ArgumentNullException.ThrowIfNull(corrections);
        product.RequirePlainRows();
        var sums = product.Deviations;
        finding.Reset(sums.M, sums.N, sums.Tile);
        for (var tileRow = 0; tileRow < sums.TileRows; tileRow++)
        {
            for (var tileColumn = 0; tileColumn < sums.TileColumns; tileColumn++)
                Correct(product, tileRow, tileColumn, corrections);
        }
    }

    private static void Correct(in SuspectProduct product, int tileRow, int tileColumn, Corrections corrections)
    {
        var sums = product.Deviations;
        int top = tileRow * sums.Tile, left = tileColumn * sums.Tile;
        var columns = sums.Columns.Slice(tileRow * sums.N + left, Math.Min(sums.Tile, sums.N - left));
        var bottom = Math.Min(top + sums.Tile, sums.M);
        for (var row = top; row < bottom; row++)
        {
            var deviation = sums.Rows[row * sums.TileColumns + tileColumn];
            var column = columns.IndexOf(deviation);
            if (deviation == 0 || column < 0 || columns[(column + 1)..].Contains(deviation))
                continue;
            var shared = false;
            for (var other = top; other < bottom && !shared; other++)
                shared = other != row && sums.Rows[other * sums.TileColumns + tileColumn] == deviation;
            if (!shared)
                corrections.Replace(row, left + column, product.Output.Row(row)[left + column] - deviation);
        }
    }
}
