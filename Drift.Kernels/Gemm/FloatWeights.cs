using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Drift.Kernels;

/// <summary>fp32 weights W [N, K], packed for <see cref="FloatGemm"/>: panels of 32 columns, [K][32] each, the last padded with zeros.</summary>
public sealed class FloatWeights
{
    internal const int PanelColumns = 32;

    private readonly Tensor _panels;

    /// <summary>Room for weights of a shape, to be filled by <see cref="Fill"/>.</summary>
    /// <param name="n">Output features, at least 1.</param>
    /// <param name="k">Input features, at least 1.</param>
    /// <param name="workspace">
    /// Lends the memory where operands change from call to call, as in attention: the weights are then valid until its scope ends. Null for memory of their own.
    /// </param>
    public FloatWeights(int n, int k, Workspace? workspace = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(n, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        (N, K) = (n, k);
        var columns = (n + PanelColumns - 1) / PanelColumns * PanelColumns;
        _panels = workspace?.Rent(columns, k) ?? new Tensor(columns, k);
    }

    /// <summary>Output features.</summary>
    public int N { get; }

    /// <summary>Input features.</summary>
    public int K { get; }

    internal Span<float> Panels => _panels.Span;

    /// <summary>Packs values from any strided layout: W(j, p) is at j x <paramref name="columnStride"/> + p x <paramref name="depthStride"/>.</summary>
    /// <param name="source">The values.</param>
    /// <param name="columnStride">Values between output features.</param>
    /// <param name="depthStride">Values between input features.</param>
    public void Fill(ReadOnlySpan<float> source, int columnStride, int depthStride)
    {
        for (var column = 0; column < N; column += PanelColumns)
        {
            var panel = Panels.Slice(column * K, PanelColumns * K);
            var width = Math.Min(PanelColumns, N - column);
            if (width < PanelColumns)
                panel.Clear();
            if (columnStride == 1)
            {
                for (var p = 0; p < K; p++)
                    source.Slice(column + p * depthStride, width).CopyTo(panel[(p * PanelColumns)..]);
                continue;
            }

            // The last element read is checked once, so that the transposition itself runs unchecked.
            _ = source[(column + width - 1) * columnStride + (K - 1) * depthStride];
            ref var from = ref Unsafe.Add(ref MemoryMarshal.GetReference(source), column * columnStride);
            ref var to = ref MemoryMarshal.GetReference(panel);
            for (nint p = 0; p < K; p++)
            {
                for (nint j = 0; j < width; j++)
                    Unsafe.Add(ref to, p * PanelColumns + j) = Unsafe.Add(ref from, j * columnStride + p * depthStride);
            }
        }
    }
}
