namespace Drift.Kernels;

/// <summary>fp32 weights W [N, K], packed once for <see cref="FloatGemm"/>.</summary>
public sealed class FloatWeights
{
    internal FloatWeights(float[] panels, int n, int k) => (Panels, N, K) = (panels, n, k);

    /// <summary>Output features.</summary>
    public int N { get; }

    /// <summary>Input features.</summary>
    public int K { get; }

    internal float[] Panels { get; }
}

/// <summary>
/// fp32 products on the host. Every output is one chain of fused multiply-adds over k = 0..K-1 that starts at 0, so the bits do not depend on the vector width,
/// the tile or the number of rows in the call.
/// </summary>
public static class FloatGemm
{
    /// <summary>Packs weights.</summary>
    /// <param name="weights">W [N, K] row-major.</param>
    /// <param name="n">Output features, at least 1.</param>
    /// <param name="k">Input features, at least 1.</param>
    /// <exception cref="ArgumentException">The span does not hold N x K values.</exception>
    public static FloatWeights Pack(ReadOnlySpan<float> weights, int n, int k)
    {
        if (weights.Length != (long)n * k)
            throw new ArgumentException($"{n} x {k} weights need {(long)n * k} values, the span has {weights.Length}", nameof(weights));
        return new FloatWeights(weights.ToArray(), n, k);
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
        for (var i = 0; i < rows; i++)
        {
            for (var j = 0; j < weights.N; j++)
            {
                var sum = 0f;
                for (var p = 0; p < weights.K; p++)
                    sum = MathF.FusedMultiplyAdd(a[i * weights.K + p], weights.Panels[j * weights.K + p], sum);
                c[i * weights.N + j] = bias.IsEmpty ? sum : sum + bias[j];
            }
        }
    }
}
