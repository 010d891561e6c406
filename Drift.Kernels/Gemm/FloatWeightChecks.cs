namespace Drift.Kernels;

/// <summary>What the weights of a protected float product bring to its checks, made once: the sum of each tile's rows of W, row after row, packed like weights.</summary>
internal sealed class FloatWeightChecks
{
    /// <summary>Sums them.</summary>
    /// <param name="weights">W [N, K], row-major.</param>
    /// <param name="n">Rows of W.</param>
    /// <param name="k">Columns of W.</param>
    /// <param name="tile">Edge of a tile, at least 1.</param>
    public FloatWeightChecks(ReadOnlySpan<float> weights, int n, int k, int tile)
    {
        (Tile, var tiles) = (tile, (n + tile - 1) / tile);
        var sums = new float[tiles * k];
        Weights.Resize(n);
        Summed.Resize(tiles);
        for (var j = 0; j < n; j++)
        {
            var row = weights.Slice(j * k, k);
            var sum = sums.AsSpan(j / tile * k, k);
            for (var p = 0; p < k; p++)
                sum[p] += row[p];
            Measure(row, Weights, j);
        }

        for (var t = 0; t < tiles; t++)
            Measure(sums.AsSpan(t * k, k), Summed, t);
        Lines = new FloatWeights(tiles, k);
        Lines.Fill(sums, k, 1);
        if (tiles > MicroTile.PairedColumns)
            return;
        Twice = new Tensor(k, MicroTile.Lanes);
        for (var i = 0; i < sums.Length; i++)
            Twice.Span.Slice(i % k * MicroTile.Lanes + i / k * 2, 2).Fill(sums[i]);
    }

    /// <summary>Edge of a tile.</summary>
    public int Tile { get; }

    /// <summary>[tile columns, K].</summary>
    public FloatWeights Lines { get; }

    /// <summary>[K, 16]: each column of a few twice, for two rows in a vector (<see cref="MicroKernel.RunPairs"/>); null where they are more than half a vector.</summary>
    public Tensor? Twice { get; }

    /// <summary>Of each row of W.</summary>
    public LineStatistics Weights { get; } = new();

    /// <summary>Of each tile's summed rows of W.</summary>
    public LineStatistics Summed { get; } = new();

    private static unsafe void Measure(ReadOnlySpan<float> line, LineStatistics statistics, int at)
    {
        fixed (float* values = line)
            FloatRows.Measure(values, line.Length, out statistics.Sums[at], out statistics.Squares[at]);
    }
}
