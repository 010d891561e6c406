namespace Drift.Kernels;

/// <summary>Which coarse tiles of a product deviate, from the sums of the tiles in them: a coarse line's deviation is the sum of its parts', modulo 2^32.</summary>
internal static class CoarseTiles
{
    /// <summary>Makes flat sums hierarchical: those of tiles in a coarse tile whose lines all agree become 0.</summary>
    /// <param name="output">A product with flat sums.</param>
    /// <param name="tiles">The tiles.</param>
    public static void Forget(GemmOutput output, ChecksumTiles tiles)
    {
        var (expected, observed) = (output.Expected, output.Observed);
        var edge = tiles.CoarseEdge;
        for (var top = 0; top < expected.M; top += edge)
        {
            for (var left = 0; left < expected.N; left += edge)
                Forget(expected, observed, top, left, edge);
        }
    }

    /// <summary>Makes the sums in a coarse tile 0 where its lines all agree.</summary>
    /// <param name="expected">Expected sums of the tiles.</param>
    /// <param name="observed">Observed ones.</param>
    /// <param name="top">First row.</param>
    /// <param name="left">First column.</param>
    /// <param name="edge">Edge of a coarse tile.</param>
    public static void Forget(LineSums expected, LineSums observed, int top, int left, int edge)
    {
        var (bottom, right) = (Math.Min(top + edge, expected.M), Math.Min(left + edge, expected.N));
        var (firstTile, endTile) = (left / expected.Tile, (right + expected.Tile - 1) / expected.Tile);
        var (firstTileRow, endTileRow) = (top / expected.Tile, (bottom + expected.Tile - 1) / expected.Tile);
        if (RowDeviates(expected, observed, top, bottom, firstTile, endTile) || ColumnDeviates(expected, observed, firstTileRow, endTileRow, left, right))
            return;
        for (var i = top; i < bottom; i++)
            Clear(expected.Rows, observed.Rows, i * expected.TileColumns + firstTile, endTile - firstTile);
        for (var t = firstTileRow; t < endTileRow; t++)
            Clear(expected.Columns, observed.Columns, t * expected.N + left, right - left);
    }

    private static bool RowDeviates(LineSums expected, LineSums observed, int top, int bottom, int firstTile, int endTile)
    {
        for (var i = top; i < bottom; i++)
        {
            var deviation = 0;
            for (var t = firstTile; t < endTile; t++)
                deviation += observed.Rows[i * expected.TileColumns + t] - expected.Rows[i * expected.TileColumns + t];
            if (deviation != 0)
                return true;
        }

        return false;
    }

    private static bool ColumnDeviates(LineSums expected, LineSums observed, int firstTileRow, int endTileRow, int left, int right)
    {
        for (var j = left; j < right; j++)
        {
            var deviation = 0;
            for (var t = firstTileRow; t < endTileRow; t++)
                deviation += observed.Columns[t * expected.N + j] - expected.Columns[t * expected.N + j];
            if (deviation != 0)
                return true;
        }

        return false;
    }

    private static void Clear(Span<int> expected, Span<int> observed, int start, int count)
    {
        expected.Slice(start, count).Clear();
        observed.Slice(start, count).Clear();
    }
}
