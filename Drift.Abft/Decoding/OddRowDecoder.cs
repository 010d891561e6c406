using Drift.Kernels;

namespace Drift.Abft;

/// <summary>
/// Reads the flips off the sums of large tiles whose rows have odd weights (<see cref="OddWeights"/>), and takes them back. A row with a single flip names bit and place, rows with two or three are made up of what the columns
/// show (<see cref="OddTile"/>). A tile must close: rows that stay open are condemned over the tile's whole width, columns that deviate without one over its whole height, and the whole tile where many rows stay open, or one may hide. Nothing is guessed.
/// </summary>
public sealed class OddRowDecoder : ICorrector
{
    /// <summary>The largest tile, whose sums cost a product least: 3 digit columns and 2 digit rows in 128.</summary>
    public const int LargestTile = OddWeights.LargestTile;

    // Where more than one row in so many stays open, so many flips were there that those placed may be others'.
    private const int LostShare = 8;

    private OddTile _begun = new(), _next = new();

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The tile is too large, or its rows were summed without odd weights.</exception>
    public void Correct(in SuspectProduct product, Finding finding, Corrections corrections)
    {
        ArgumentNullException.ThrowIfNull(finding);
        ArgumentNullException.ThrowIfNull(corrections);
        var (m, n, _) = product.Output.Shape;
        var tile = product.Deviations.Tile;
        if (tile is < 1 or > LargestTile || !product.Deviations.OddRows)
            throw new ArgumentException($"rows of tiles of 1 to {LargestTile} are read that have odd weights, not those of tiles of {tile}{(product.Deviations.OddRows ? "" : " without")}", nameof(product));
        finding.Reset(m, n, tile);
        var begun = false;
        for (var tileRow = 0; tileRow < finding.TileRows; tileRow++)
        {
            for (var tileColumn = 0; tileColumn < finding.TileColumns; tileColumn++)
            {
                // While a tile begins, the accumulators of the one before arrive.
                if (!_next.Begin(product, tileRow, tileColumn))
                    continue;
                if (begun)
                    Finish(finding, corrections);
                (_begun, _next, begun) = (_next, _begun, true);
            }
        }

        if (begun)
            Finish(finding, corrections);
        // Whose memory is read by address: the output's, and this decoder's own lists.
        GC.KeepAlive(product.Output);
        GC.KeepAlive(this);
    }

    private void Finish(Finding finding, Corrections corrections)
    {
        _begun.Finish();
        _begun.TakeBack(corrections, _next);
        if (!_begun.IsClosed)
            GiveUp(_begun, finding, corrections);
    }

    /// <summary>Condemns what is open. A row's flips may cancel others in their columns, so that all its columns go with it. All rows go where none is open, or many are, or one may hide.</summary>
    private static void GiveUp(OddTile given, Finding finding, Corrections corrections)
    {
        corrections.GiveUpTile();
        var (tileRow, tileColumn, tile) = (given.TileRow, given.TileColumn, finding.Tile);
        var open = given.OpenRows;
        if (open.IsEmpty)
        {
            foreach (var column in given.DeviatingColumns())
                finding.FlagColumn(tileRow, tileColumn * tile + column);
        }
        else
        {
            finding.FlagAllColumns(tileRow, tileColumn);
        }

        if (open.IsEmpty || LostShare * open.Length > Math.Min(tile, finding.M - tileRow * tile) || given.MayHide)
        {
            finding.FlagAllRows(tileRow, tileColumn);
            return;
        }

        foreach (var row in open)
            finding.FlagRow(row, tileColumn);
    }
}
