namespace Drift.Kernels;

/// <summary>
/// Where the lines of a product are summed. Flat: the lines of every tile. Hierarchical: the lines of coarse tiles always, those of the tiles inside a coarse tile only
/// where any of its coarse lines deviates; elsewhere a tile's sums, expected and observed, are all 0. The deviations are then those of flat sums, unless all lines of a
/// faulty coarse tile cancel: that takes four flips or more, at the corners of rectangles. A backend may take a coarse row further than its tile, so that rectangles may reach into the next one.
/// </summary>
/// <param name="Edge">Edge of a tile, 1..<see cref="GemmWeights.LargestTile"/>, or 0 for no checks.</param>
/// <param name="CoarseEdge">Edge of a coarse tile: a multiple of the tile's, larger and at most <see cref="GemmWeights.LargestTile"/>; 0 for flat sums.</param>
/// <param name="Moments">Whether position-weighted sums are taken too (<see cref="LineMoments"/>), of flat tiles of 1..<see cref="LineMoments.LargestTile"/>.</param>
/// <param name="OddRows">Whether row sums, expected and observed, have odd weights (<see cref="OddWeights"/>), of flat tiles of 1..<see cref="OddWeights.LargestTile"/>; columns are summed as ever.</param>
public readonly record struct ChecksumTiles(int Edge, int CoarseEdge = 0, bool Moments = false, bool OddRows = false)
{
    /// <summary>No checks.</summary>
    public static ChecksumTiles None => default;

    /// <summary>Whether tiles are summed only where coarse sums deviate.</summary>
    public bool IsHierarchical => CoarseEdge > 0;

    /// <summary>Edge of the tiles that are summed in every product; 0 for none.</summary>
    public int AlwaysSummed => IsHierarchical ? CoarseEdge : Edge;

    /// <summary>Flat sums.</summary>
    /// <param name="edge">Edge of a tile, or 0 for no checks.</param>
    public static implicit operator ChecksumTiles(int edge) => new(edge);

    /// <summary>Flat sums.</summary>
    /// <param name="edge">Edge of a tile, or 0 for no checks.</param>
    public static ChecksumTiles FromInt32(int edge) => edge;

    /// <summary>Returns the tiles when a product can be summed in them.</summary>
    /// <exception cref="ArgumentException">An edge is out of range, or the coarse one no multiple of the other.</exception>
    public ChecksumTiles Required()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(Edge);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Edge, GemmWeights.LargestTile);
        ArgumentOutOfRangeException.ThrowIfNegative(CoarseEdge);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(CoarseEdge, GemmWeights.LargestTile);
        if (IsHierarchical && (Edge == 0 || CoarseEdge <= Edge || CoarseEdge % Edge != 0))
            throw new ArgumentException($"coarse tiles of {CoarseEdge} cannot hold tiles of {Edge}; expected a larger multiple of the tile");
        if (Moments && (IsHierarchical || Edge is < 1 or > LineMoments.LargestTile))
            throw new ArgumentException($"position-weighted sums are taken of flat tiles of 1 to {LineMoments.LargestTile}, not of {this}");
        if (OddRows && (IsHierarchical || Moments || Edge is < 1 or > OddWeights.LargestTile))
            throw new ArgumentException($"row sums with odd weights are taken of flat tiles of 1 to {OddWeights.LargestTile} without moments, not of {this}");
        return this;
    }

    /// <inheritdoc/>
    public override string ToString() => IsHierarchical ? $"{Edge} in {CoarseEdge}" : $"{Edge}";
}
