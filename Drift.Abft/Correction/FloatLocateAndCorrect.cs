namespace Drift.Abft;

/// <summary>
/// Locate and correct in fp32: a flagged row and a flagged column of a tile that deviate by the same amount, as no other flagged line of the tile does, cross at the fault. The value becomes the row's expected sum less the
/// row's other values, which is right to within the row's rounding however large the fault.
/// </summary>
public static class FloatLocateAndCorrect
{
    /// <summary>Corrects the outputs in place.</summary>
    /// <param name="product">The product, sums observed.</param>
    /// <param name="bound">The bound that it was judged by.</param>
    /// <param name="finding">The verdict.</param>
    /// <param name="replaced">Told of every output that gets a new value: row and column.</param>
    public static void Correct(CheckedFloatProduct product, IRoundingBound bound, Finding finding, Action<int, int> replaced)
    {
        ArgumentNullException.ThrowIfNull(product);
        ArgumentNullException.ThrowIfNull(finding);
        ArgumentNullException.ThrowIfNull(replaced);
        foreach (var tile in finding.MaskedTiles)
        {
            foreach (var row in tile.Rows)
            {
                if (Partner(product, bound, tile, row) is not { } column || !IsOnlyPartner(product, bound, tile, row, column))
                    continue;
                var others = 0.0;
                for (var j = tile.Columns.First; j < tile.Columns.First + tile.Width; j++)
                    others += j == column ? 0 : product.Outputs[row * product.Shape.N + j];
                product.Outputs[row * product.Shape.N + column] = (float)(product.ExpectedRow(row, tile.TileColumn) - others);
                replaced(row, column);
            }
        }
    }

    /// <summary>The one flagged column that deviates as a row does; null where there is none, or several.</summary>
    private static int? Partner(CheckedFloatProduct product, IRoundingBound bound, in TileFinding tile, int row)
    {
        int? partner = null;
        foreach (var column in tile.Columns)
        {
            if (!Agree(product, bound, tile, row, column))
                continue;
            if (partner is not null)
                return null;
            partner = column;
        }

        return partner;
    }

    private static bool IsOnlyPartner(CheckedFloatProduct product, IRoundingBound bound, in TileFinding tile, int row, int column)
    {
        foreach (var other in tile.Rows)
        {
            if (other != row && Agree(product, bound, tile, other, column))
                return false;
        }

        return true;
    }

    /// <summary>Whether the deviations differ by no more than rounding: that of the two lines, and that of the sums themselves, where a fault is far larger than they. Two that are no numbers agree.</summary>
    private static bool Agree(CheckedFloatProduct product, IRoundingBound bound, in TileFinding tile, int row, int column)
    {
        double onRow = product.RowDeviation(row, tile.TileColumn), onColumn = product.ColumnDeviation(tile.TileRow, column);
        if (!double.IsFinite(onRow) || !double.IsFinite(onColumn))
            return !double.IsFinite(onRow) && !double.IsFinite(onColumn);
        var rounding = product.RowThreshold(bound, row, tile.TileColumn) + product.ColumnThreshold(bound, tile.TileRow, column)
            + product.Tile * FloatFormat.Single.UnitRoundoff * (Math.Abs(onRow) + Math.Abs(onColumn));
        return Math.Abs(onRow - onColumn) <= rounding;
    }
}
