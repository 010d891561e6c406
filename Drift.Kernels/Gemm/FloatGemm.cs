namespace Drift.Kernels;

/// <summary>
/// fp32 products on the host. Every output is one chain of fused multiply-adds over k = 0..K-1 that starts at 0, so the bits do not depend on the vector width,
/// the tile, the number of threads or of rows in the call.
/// </summary>
public static unsafe class FloatGemm
{
    /// <summary>Packs weights.</summary>
    /// <param name="weights">W [N, K] row-major.</param>
    /// <param name="n">Output features, at least 1.</param>
    /// <param name="k">Input features, at least 1.</param>
    /// <exception cref="ArgumentException">The span does not hold N x K values.</exception>
    public static FloatWeights Pack(ReadOnlySpan<float> weights, int n, int k) => Pack(weights, n, k, 0);

    /// <summary>Packs weights of a protected product.</summary>
    /// <param name="weights">W [N, K] row-major.</param>
    /// <param name="n">Output features, at least 1.</param>
    /// <param name="k">Input features, at least 1.</param>
    /// <param name="tile">Edge of a checksum tile, at least 1; 0 for no checks.</param>
    /// <exception cref="ArgumentException">The span does not hold N x K values.</exception>
    public static FloatWeights Pack(ReadOnlySpan<float> weights, int n, int k, int tile)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(tile);
        RequireLength(weights, n, k);
        var packed = new FloatWeights(n, k) { Checks = tile == 0 ? null : new FloatWeightChecks(weights, n, k, tile) };
        packed.Fill(weights, k, 1);
        return packed;
    }

    /// <summary>Packs weights rounded to bf16 (to nearest, ties to even), for <see cref="FloatBackend"/>, which then rounds A likewise and sums the exact products in fp32.</summary>
    /// <param name="weights">W [N, K] row-major.</param>
    /// <param name="n">Output features, at least 1.</param>
    /// <param name="k">Input features, at least 1.</param>
    /// <exception cref="ArgumentException">The span does not hold N x K values.</exception>
    public static FloatWeights PackBfloat16(ReadOnlySpan<float> weights, int n, int k)
    {
        RequireLength(weights, n, k);
        return FloatWeights.Rounded(weights, n, k);
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
        Check(a, aStride, rows, weights, bias, c, cStride);
        if (weights.Type != DotType.Float)
            throw new ArgumentException($"weights of {weights.N} x {weights.K} rounded to bf16 are {nameof(FloatBackend)}'s to multiply", nameof(weights));
        if (rows == 0)
            return;
        fixed (float* aStart = a, panels = weights.Panels, biasStart = bias, cStart = c)
        {
            RowBlock block = default;
            (block.AStride, block.CStride) = ((nint)aStride * sizeof(float), (nint)cStride * sizeof(float));
            block.Bias = biasStart;
            // As many rows as half the second-level cache holds, so that they meet every panel from there.
            var most = Math.Max(MicroTile.MostRows, CacheSizes.BlockBytes / sizeof(float) / weights.K);
            for (var row = 0; row < rows; row += most)
            {
                block.Rows = Math.Min(most, rows - row);
                block.A = aStart + (long)row * aStride;
                block.C = cStart + (long)row * cStride;
                for (var column = 0; column < weights.N; column += FloatWeights.PanelColumns)
                    PanelProduct.Multiply(FloatKernels.Float, weights.Pack(panels), column, Math.Min(FloatWeights.PanelColumns, weights.N - column), block, 0, weights.K);
            }
        }
    }

    private static void RequireLength(ReadOnlySpan<float> weights, int n, int k)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(n, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        if (weights.Length != (long)n * k)
            throw new ArgumentException($"{n} x {k} weights need {(long)n * k} values, the span has {weights.Length}", nameof(weights));
    }

    /// <summary>Fails unless the spans hold the operands.</summary>
    internal static void Check(ReadOnlySpan<float> a, int aStride, int rows, FloatWeights weights, ReadOnlySpan<float> bias, ReadOnlySpan<float> c, int cStride)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        if (rows == 0)
            return;
        Check(a.Length, rows, weights.K, aStride, nameof(a));
        Check(c.Length, rows, weights.N, cStride, nameof(c));
        if (!bias.IsEmpty && bias.Length < weights.N)
            throw new ArgumentException($"a bias of {weights.N} values is needed, the span has {bias.Length}", nameof(bias));
        if (a.Overlaps(c) || bias.Overlaps(c))
            throw new ArgumentException($"C of {c.Length} values overlaps an operand of {(a.Overlaps(c) ? a.Length : bias.Length)}", nameof(c));
    }

    private static void Check(int length, int rows, int columns, int stride, string name)
    {
        if (stride < columns || length < (long)(rows - 1) * stride + columns)
            throw new ArgumentException($"{rows} rows of {columns} at stride {stride} do not fit a span of {length}", name);
    }
}
