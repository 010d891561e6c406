using Drift.Kernels;

namespace Drift.Models;

/// <summary>
/// C = A W^T + bias with weights that are read and packed a stripe at a time and then forgotten: for layers of few rows, whose results are remembered (<see cref="RowMemory"/>), so that
/// keeping a packed form would cost more than it saves. The bits are those of <see cref="FloatGemm"/> with packed weights, for every output is one chain of sums.
/// </summary>
internal static class StreamedProduct
{
    /// <summary>Columns of a stripe: its rows and panels stay in a second-level cache for widths of a thousand or two.</summary>
    private const int Stripe = 64;

    /// <summary>Weights from which a layer is worth it.</summary>
    private const long LeastWeights = 1 << 20;

    /// <summary>Whether a layer of few rows is better streamed than kept.</summary>
    /// <param name="layer">The layer.</param>
    public static bool Suits(LinearLayer layer) => (long)layer.N * layer.K >= LeastWeights;

    /// <summary>Computes it.</summary>
    /// <param name="input">A, [rows, K].</param>
    /// <param name="layer">W and the bias.</param>
    /// <param name="output">C, [rows, N], overwritten.</param>
    /// <param name="workspace">Scratch memory.</param>
    public static void Multiply(Tensor input, LinearLayer layer, Tensor output, Workspace workspace)
    {
        using var scope = workspace.Begin();
        var (n, k) = (layer.N, layer.K);
        var rows = workspace.Rent(Stripe, k);
        for (var column = 0; column < n; column += Stripe)
        {
            using var inner = workspace.Begin();
            var some = rows.Slice(0, Math.Min(Stripe, n - column)).Span;
            layer.Weight.Read(column, some);
            var panels = new FloatWeights(some.Length / k, k, workspace);
            panels.Fill(some, k, 1);
            var bias = layer.Bias.Length == 0 ? default : layer.Bias.AsSpan(column, panels.N);
            FloatGemm.Multiply(input.Span, k, input.Rows, panels, bias, output.Span[column..], n);
        }
    }
}
