namespace Drift.Kernels;

/// <summary>The shape of a product C [M, N] = A [M, K] x W [N, K]^T.</summary>
/// <param name="M">Rows of A and C.</param>
/// <param name="N">Rows of W (output features), columns of C.</param>
/// <param name="K">Columns of A and of W, the summed dimension.</param>
public readonly record struct GemmShape(int M, int N, int K)
{
    /// <summary>Multiply-accumulates of the plain product: M N K.</summary>
    public long Macs => (long)M * N * K;

    /// <inheritdoc/>
    public override string ToString() => $"{M} x {N} x {K}";
}
