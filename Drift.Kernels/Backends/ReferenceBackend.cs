namespace Drift.Kernels;

/// <summary>The truth: three loops and the definitions, nothing else. Every other backend must give its bits.</summary>
public sealed class ReferenceBackend : IGemmBackend
{
    /// <inheritdoc/>
    public string Name => "reference";

    /// <inheritdoc/>
    public GemmWeights Prepare(ReadOnlySpan<sbyte> weights, int n, int k, ChecksumTiles tiles)
    {
        if (weights.Length != (long)n * k)
            throw new ArgumentException($"{n} x {k} weights need {(long)n * k} values, the span has {weights.Length}", nameof(weights));
        return new Weights(weights.ToArray(), n, k, tiles);
    }

    /// <inheritdoc/>
    public void Multiply(in GemmCall call, FaultPlan faults, GemmOutput output)
    {
        ArgumentNullException.ThrowIfNull(output);
        var w = call.Weights as Weights ?? throw new ArgumentException($"weights prepared by another backend than {Name}", nameof(call));
        var (m, n, k) = call.Shape;
        output.Resize(call.Shape, n, m, call.Tile, w.Tiles.Moments, w.Tiles.OddRows);
        var rows = new sbyte[m * k];
        call.CopyRows(0, m, rows, k);
        for (var i = 0; i < m; i++)
        {
            var a = rows.AsSpan(i * k, k);
            for (var j = 0; j < n; j++)
            {
                var sum = 0;
                for (var p = 0; p < k; p++)
                    sum += a[p] * w.Values[j * k + p];
                output.Row(i)[j] = sum;
            }
        }

        faults.Toggle(output);
        if (call.Tile == 0)
            return;
        Expect(call.Shape, rows, w.Values, output.Expected, w.Tiles.OddRows ? OddWeights.Of : static _ => 1, static _ => 1);
        output.Observe();
        if (w.Tiles.Moments)
        {
            Expect(call.Shape, rows, w.Values, output.ExpectedMoments, Moment, Moment);
            output.ObserveMoments();
        }

        if (w.Tiles.IsHierarchical)
            CoarseTiles.Forget(output, w.Tiles);

        int Moment(int place) => place - LineMoments.Centre(w.Tile);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    /// <summary>Row sums: A times the weighted sums of W's rows within a tile. Column sums: the weighted sums of A's rows within a tile, times W.</summary>
    private static void Expect(GemmShape shape, sbyte[] a, sbyte[] w, LineSums sums, Func<int, int> ofRow, Func<int, int> ofColumn)
    {
        var (m, n, k) = shape;
        sums.Rows.Clear();
        sums.Columns.Clear();
        for (var t = 0; t < sums.TileColumns; t++)
        {
            for (var p = 0; p < k; p++)
            {
                var line = 0;
                for (var j = t * sums.Tile; j < Math.Min(n, (t + 1) * sums.Tile); j++)
                    line += ofRow(j % sums.Tile) * w[j * k + p];
                for (var i = 0; i < m; i++)
                    sums.Rows[i * sums.TileColumns + t] += a[i * k + p] * line;
            }
        }

        for (var t = 0; t < sums.TileRows; t++)
        {
            for (var p = 0; p < k; p++)
            {
                var line = 0;
                for (var i = t * sums.Tile; i < Math.Min(m, (t + 1) * sums.Tile); i++)
                    line += ofColumn(i % sums.Tile) * a[i * k + p];
                for (var j = 0; j < n; j++)
                    sums.Columns[t * n + j] += line * w[j * k + p];
            }
        }
    }

    private sealed class Weights(sbyte[] values, int n, int k, ChecksumTiles tiles) : GemmWeights(n, k, tiles)
    {
        public sbyte[] Values => values;
    }
}
