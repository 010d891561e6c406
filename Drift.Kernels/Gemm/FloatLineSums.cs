namespace Drift.Kernels;

/// <summary>
/// Line sums of a float product in tiles: rows within a tile column, columns within a tile row; <see cref="LineSums"/> in floats. Reused from call to call.
/// </summary>
public sealed class FloatLineSums
{
    private float[] _rows = [], _columns = [];

    /// <summary>Rows of the product.</summary>
    public int M { get; private set; }

    /// <summary>Columns of the product.</summary>
    public int N { get; private set; }

    /// <summary>Edge of a tile, counted from element (0,0); 0 for no sums.</summary>
    public int Tile { get; private set; }

    /// <summary>Number of tiles from top to bottom.</summary>
    public int TileRows { get; private set; }

    /// <summary>Number of tiles from left to right.</summary>
    public int TileColumns { get; private set; }

    /// <summary>Row sums [M, tile columns]: entry (i, t) sums row i over the columns of tile column t.</summary>
    public Span<float> Rows => _rows.AsSpan(0, M * TileColumns);

    /// <summary>Column sums [tile rows, N]: entry (t, j) sums column j over the rows of tile row t.</summary>
    public Span<float> Columns => _columns.AsSpan(0, TileRows * N);

    /// <summary>Takes a new shape; the sums are undefined until written.</summary>
    /// <param name="m">Rows of the product.</param>
    /// <param name="n">Columns of the product.</param>
    /// <param name="tile">Edge of a tile, or 0 for none.</param>
    public void Resize(int m, int n, int tile)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(m);
        ArgumentOutOfRangeException.ThrowIfNegative(n);
        ArgumentOutOfRangeException.ThrowIfNegative(tile);
        (M, N, Tile) = (m, n, tile);
        (TileRows, TileColumns) = tile == 0 ? (0, 0) : ((m + tile - 1) / tile, (n + tile - 1) / tile);
        if (_rows.Length < M * TileColumns)
            _rows = new float[M * TileColumns];
        if (_columns.Length < TileRows * N)
            _columns = new float[TileRows * N];
    }
}
