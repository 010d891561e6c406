namespace Drift.Kernels;

/// <summary>Weights W [N, K] in the form that one backend multiplies fastest, with their tile line sums, made once at load.</summary>
public abstract class GemmWeights : IDisposable
{
    /// <summary>The largest tile edge: its INT8 line sums still fit 16 bits.</summary>
    public const int LargestTile = 256;

    /// <summary>Keeps the shape.</summary>
    /// <param name="n">Output features, at least 1.</param>
    /// <param name="k">Input features, at least 1.</param>
    /// <param name="tile">Edge of a checksum tile, 1..256, or 0 for no checks.</param>
    /// <param name="moments">Whether position-weighted sums are taken too; then the tile is 1..32.</param>
    protected GemmWeights(int n, int k, int tile, bool moments = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(n, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(tile);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(tile, LargestTile);
        if (moments && (tile < 1 || tile > LineMoments.LargestTile))
            throw new ArgumentOutOfRangeException(nameof(tile), tile, $"position-weighted sums are taken of tiles of 1 to {LineMoments.LargestTile}");
        (N, K, Tile, HasMoments) = (n, k, tile, moments);
    }

    /// <summary>Output features.</summary>
    public int N { get; }

    /// <summary>Input features.</summary>
    public int K { get; }

    /// <summary>Edge of a checksum tile, or 0 for no checks.</summary>
    public int Tile { get; }

    /// <summary>Whether position-weighted sums are taken too (<see cref="LineMoments"/>).</summary>
    public bool HasMoments { get; }

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
