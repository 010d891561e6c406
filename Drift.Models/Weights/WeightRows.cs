using Drift.Kernels;

namespace Drift.Models;

/// <summary>The weights W [N, K] of a layer, handed out by rows. Immutable; serves all threads.</summary>
/// <param name="n">Output features.</param>
/// <param name="k">Input features.</param>
public abstract class WeightRows(int n, int k)
{
    /// <summary>Output features.</summary>
    public int N => n;

    /// <summary>Input features.</summary>
    public int K => k;

    /// <summary>Reads rows.</summary>
    /// <param name="first">The first of them.</param>
    /// <param name="rows">Takes whole rows, as many as it holds.</param>
    public abstract void Read(int first, Span<float> rows);

    /// <summary>Shows the bytes that the weights are stored as to somebody who wants to know them again.</summary>
    /// <param name="take">Called with each piece in turn.</param>
    public abstract void Visit(Action<ReadOnlySpan<byte>> take);

    /// <summary>All rows.</summary>
    public float[] ReadAll()
    {
        var rows = new float[checked(n * k)];
        Read(0, rows);
        return rows;
    }
}

/// <summary>Weights in memory.</summary>
/// <param name="values">W, row-major.</param>
/// <param name="n">Output features.</param>
/// <param name="k">Input features.</param>
internal sealed class HeldRows(float[] values, int n, int k) : WeightRows(n, k)
{
    /// <summary>W, row-major.</summary>
    public float[] Values => values;

    /// <inheritdoc/>
    public override void Read(int first, Span<float> rows) => values.AsSpan(first * K, rows.Length).CopyTo(rows);

    /// <inheritdoc/>
    public override void Visit(Action<ReadOnlySpan<byte>> take) => take(System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()));
}

/// <summary>Weights in a file.</summary>
/// <param name="tensor">The tensor; its first extent is N, the product of the others K.</param>
/// <param name="kernel">Edge of a convolution's window, whose values are stored channel by channel and handed out place by place; 1 for a linear layer.</param>
internal sealed class StoredRows(StoredTensor tensor, int kernel = 1) : WeightRows(tensor.Shape[0], (int)(tensor.Count / tensor.Shape[0]))
{
    /// <inheritdoc/>
    public override void Read(int first, Span<float> rows)
    {
        tensor.Read((long)first * K, rows);
        if (kernel > 1)
            FilterOrder.OverWindow(rows, K / (kernel * kernel), kernel).CopyTo(rows);
    }

    /// <inheritdoc/>
    public override void Visit(Action<ReadOnlySpan<byte>> take)
    {
        take(System.Text.Encoding.ASCII.GetBytes($"{tensor.DataType} {kernel} "));
        tensor.Visit(take);
    }
}
