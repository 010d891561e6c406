using Drift.Kernels;

namespace Drift.Abft;

/// <summary>
/// Reads the flips off the sums of large tiles and off the locators of their rows (<see cref="RowLocators"/>), and takes them back. A row with a single flip names its place, rows with two or three are settled by what the columns show
/// (<see cref="LocatedTile"/>). A tile must close: rows that stay open are condemned over the tile's whole width, and columns that deviate without one over its whole height. Nothing is guessed.
/// </summary>
public sealed class LocatorDecoder : ICorrector
{
    /// <summary>The edge of a tile that the sums of a product cost least with: 3 digit columns and 2 digit rows in 128.</summary>
    public const int LargestTile = RowLocators.LargestTile;

    private readonly LocatedLines _lines = new();
    private readonly LocatedTile _located = new();

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The tile is too large, or the product has no locators of its tiles.</exception>
    public void Correct(in SuspectProduct product, Finding finding, Corrections corrections)
    {
        ArgumentNullException.ThrowIfNull(finding);
        ArgumentNullException.ThrowIfNull(corrections);
        var (m, n, _) = product.Output.Shape;
        var tile = product.Deviations.Tile;
        if (tile is < 1 or > LargestTile)
            throw new ArgumentException($"tiles of 1 to {LargestTile} have locators, not of {tile}", nameof(product));
        if (product.Locators is null)
            throw new ArgumentException("the product was summed without locators", nameof(product));
        finding.Reset(m, n, tile);
        for (var tileRow = 0; tileRow < finding.TileRows; tileRow++)
        {
            _lines.Scan(product.Deviations, tileRow);
            _lines.Fetch(product.Output, tileRow, 0, tile);
            for (var tileColumn = 0; tileColumn < finding.TileColumns; tileColumn++)
            {
                _lines.Fetch(product.Output, tileRow, tileColumn + 1, tile);
                if (_lines.Rows(tileColumn).IsEmpty && !product.Deviations.Columns.Slice(tileRow * n + tileColumn * tile, Math.Min(tile, n - tileColumn * tile)).ContainsAnyExcept(0))
                    continue;
                var closes = _located.Explain(product, _lines, tileRow, tileColumn);
                foreach (var flip in _located.Flips)
                    corrections.Replace(flip.Row, flip.Column, product.Output.Accumulators[flip.Row * product.Output.Stride + flip.Column] ^ flip.Mask);
                if (!closes)
                    GiveUp(tileRow, tileColumn, finding, corrections);
            }
        }
    }

    /// <summary>Condemns what is open. A row's flips may cancel others in their columns, so that all its columns go with it.</summary>
    private void GiveUp(int tileRow, int tileColumn, Finding finding, Corrections corrections)
    {
        corrections.GiveUpTile();
        var tile = finding.Tile;
        var open = _located.OpenRows;
        var columns = _located.Columns;
        for (var j = 0; j < columns.Length; j++)
        {
            if (!open.IsEmpty || columns[j] != 0)
                finding.FlagColumn(tileRow, tileColumn * tile + j);
        }

        foreach (var row in open)
            finding.FlagRow(row, tileColumn);
        for (var row = tileRow * tile; open.IsEmpty && row < Math.Min(finding.M, (tileRow + 1) * tile); row++)
            finding.FlagRow(row, tileColumn);
    }
}
