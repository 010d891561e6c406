namespace Drift.Kernels;

/// <summary>Weights W [N, K] in the form that one backend multiplies fastest, with their tile line sums, made once at load.</summary>
public abstract class GemmWeights : IDisposable
{
    /// <summary>The largest tile edge: its INT8 line sums still fit 16 bits.</summary>
    public const int LargestTile = 256;

    /// <summary>Keeps the shape.</summary>
    /// <param name="n">Output features, at least 1.</param>
    /// <param name="k">Input features, at least 1.</param>
    /// <param name="tiles">Tiles of the checks.</param>
    /// <exception cref="ArgumentException">A dimension is below 1, or no product can be summed in such tiles.</exception>
    protected GemmWeights(int n, int k, ChecksumTiles tiles)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(n, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        (N, K, Tiles) = (n, k, tiles.Required());
    }

    /// <summary>Output features.</summary>
    public int N { get; }

    /// <summary>Input features.</summary>
    public int K { get; }

    /// <summary>Tiles of the checks.</summary>
    public ChecksumTiles Tiles { get; }

    /// <summary>Edge of a checksum tile, or 0 for no checks.</summary>
    public int Tile => Tiles.Edge;

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees what the backend holds.</summary>
    /// <param name="disposing">True when called by <see cref="Dispose()"/>.</param>
    protected virtual void Dispose(bool disposing)
    {
    }
}
