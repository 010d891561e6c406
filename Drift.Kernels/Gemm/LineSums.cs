namespace Drift.Kernels;

/// <summary>
/// Sums of a product's lines within each checksum tile, modulo 2^32. Tiles are counted from element (0,0) and ragged at the far edges.
/// </summary>
public sealed class LineSums
{
    private int[] _rows = [];
    private int[] _columns = [];
    private volatile bool _zero;

    /// <summary>Rows of the product.</summary>
    public int M { get; private set; }

    /// <summary>Columns of the product.</summary>
    public int N { get; private set; }

    /// <summary>Edge of a tile.</summary>
    public int Tile { get; private set; }

    /// <summary>Whether row sums have odd weights (<see cref="OddWeights"/>).</summary>
    public bool OddRows { get; private set; }

    /// <summary>Number of tiles from top to bottom.</summary>
    public int TileRows { get; private set; }

    /// <summary>Number of tiles from left to right.</summary>
    public int TileColumns { get; private set; }

    /// <summary>Row sums [M, tile columns]: entry (i, t) sums row i over the columns of tile column t.</summary>
    public Span<int> Rows => Written(_rows, M * TileColumns);

    /// <summary>Column sums [tile rows, N]: entry (t, j) sums column j over the rows of tile row t.</summary>
    public Span<int> Columns => Written(_columns, TileRows * N);

    /// <summary>Whether all sums are 0 and nobody has asked for them yet; false where that is not known.</summary>
    public bool AreZero => _zero;

    /// <summary>Takes a new shape; the sums are undefined until written.</summary>
    /// <param name="m">Rows of the product.</param>
    /// <param name="n">Columns of the product.</param>
    /// <param name="tile">Edge of a tile, or 0 for none.</param>
    /// <param name="oddRows">Whether row sums will have odd weights.</param>
    public void Resize(int m, int n, int tile, bool oddRows = false) => Resize(m, n, tile, tile, oddRows);

    /// <summary>Takes a new shape, of tiles that may be wider than they are high.</summary>
    /// <param name="m">Rows of the product.</param>
    /// <param name="n">Columns of the product.</param>
    /// <param name="tile">Rows of a tile, or 0 for none.</param>
    /// <param name="columns">Columns of a tile.</param>
    /// <param name="oddRows">Whether row sums will have odd weights.</param>
    internal void Resize(int m, int n, int tile, int columns, bool oddRows = false)
    {
        (M, N, Tile, OddRows, _zero) = (m, n, tile, oddRows, false);
        (TileRows, TileColumns) = tile == 0 ? (0, 0) : ((m + tile - 1) / tile, (n + columns - 1) / columns);
        if (_rows.Length < M * TileColumns)
            _rows = new int[M * TileColumns];
        if (_columns.Length < TileRows * N)
            _columns = new int[TileRows * N];
    }

    /// <summary>Makes all sums 0. They are written when they are first asked for: sums of tiles that all agree seldom are.</summary>
    internal void Clear() => _zero = true;

    private Span<int> Written(int[] sums, int count)
    {
        // Several threads may ask at once: all write the same, and none goes on before it is written.
        if (_zero)
        {
            _rows.AsSpan(0, M * TileColumns).Clear();
            _columns.AsSpan(0, TileRows * N).Clear();
            _zero = false;
        }

        return sums.AsSpan(0, count);
    }
}
