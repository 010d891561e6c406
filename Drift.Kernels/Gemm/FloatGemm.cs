namespace Drift.Kernels;

/// <summary>
/// fp32 products on the host. Every output is one chain of fused multiply-adds over k = 0..K-1 that starts at 0, so the bits do not depend on the vector width,
/// the tile, the number of threads or of rows in the call.
/// </summary>
public static unsafe class FloatGemm
{
    // A block of K is 128 values: a 32-column panel block of 16 KiB, half a first-level cache.
    private const int BlockK = 128;

    /// <summary>Packs weights.</summary>
    /// <param name="weights">W [N, K] row-major.</param>
    /// <param name="n">Output features, at least 1.</param>
    /// <param name="k">Input features, at least 1.</param>
    /// <exception cref="ArgumentException">The span does not hold N x K values.</exception>
    public static FloatWeights Pack(ReadOnlySpan<float> weights, int n, int k)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(n, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        if (weights.Length != (long)n * k)
            throw new ArgumentException($"{n} x {k} weights need {(long)n * k} values, the span has {weights.Length}", nameof(weights));
        var packed = new FloatWeights(n, k);
        packed.Fill(weights, k, 1);
        return packed;
    }

    /// <summary>C [rows, N] = A [rows, K] W^T + bias.</summary>
    /// <param name="a">A, row-major without gaps.</param>
    /// <param name="rows">Rows of A, at least 0.</param>
    /// <param name="weights">Packed W.</param>
    /// <param name="bias">N values, or empty for none; added after the sum.</param>
    /// <param name="c">Takes C, row-major without gaps.</param>
    /// <exception cref="ArgumentException">A span is too short.</exception>
    public static void Multiply(ReadOnlySpan<float> a, int rows, FloatWeights weights, ReadOnlySpan<float> bias, Span<float> c)
    {
        ArgumentNullException.ThrowIfNull(weights);
        Multiply(a, weights.K, rows, weights, bias, c, weights.N);
    }

    /// <summary>C [rows, N] = A [rows, K] W^T + bias, with gaps between rows.</summary>
    /// <param name="a">A, row-major.</param>
    /// <param name="aStride">Values between rows of A, at least K.</param>
    /// <param name="rows">Rows of A, at least 0.</param>
    /// <param name="weights">Packed W.</param>
    /// <param name="bias">N values, or empty for none; added after the sum.</param>
    /// <param name="c">Takes C, row-major.</param>
    /// <param name="cStride">Values between rows of C, at least N.</param>
    /// <exception cref="ArgumentException">A span is too short.</exception>
    public static void Multiply(ReadOnlySpan<float> a, int aStride, int rows, FloatWeights weights, ReadOnlySpan<float> bias, Span<float> c, int cStride)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        if (rows == 0)
            return;
        Check(a.Length, rows, weights.K, aStride, nameof(a));
        Check(c.Length, rows, weights.N, cStride, nameof(c));
        if (!bias.IsEmpty && bias.Length < weights.N)
            throw new ArgumentException($"a bias of {weights.N} values is needed, the span has {bias.Length}", nameof(bias));
        fixed (float* aStart = a, panels = weights.Panels, biasStart = bias, cStart = c)
        {
            // A panel of C is finished before the next begins, so that C passes through the caches once.
            for (var column = 0; column < weights.N; column += FloatWeights.PanelColumns)
            {
                var width = Math.Min(FloatWeights.PanelColumns, weights.N - column);
                for (var block = 0; block < weights.K; block += BlockK)
                {
                    var depth = Math.Min(BlockK, weights.K - block);
                    var panel = panels + (long)column * weights.K + (long)block * FloatWeights.PanelColumns;
                    var end = block + depth == weights.K && biasStart != null ? biasStart + column : null;
                    for (var row = 0; row < rows; row += FloatKernel.Rows)
                        FloatKernel.Run(aStart + (long)row * aStride + block, aStride, panel, depth, cStart + (long)row * cStride + column, cStride,
                            Math.Min(FloatKernel.Rows, rows - row), width, block != 0, end);
                }
            }
        }
    }

    private static void Check(int length, int rows, int columns, int stride, string name)
    {
        if (stride < columns || length < (long)(rows - 1) * stride + columns)
            throw new ArgumentException($"{rows} rows of {columns} at stride {stride} do not fit a span of {length}", name);
    }
}
