using System.Collections.Concurrent;
using Drift.Kernels;

namespace Drift.Models;

/// <summary>
/// Rows of conditioning layers, computed once. Such a row depends on the timestep and on its sample's label alone, so every picture, shard and run that shares the
/// memory asks for the same few rows, and streaming megabytes of weights for each of them would cost more than the rest of the layer. A row's bits do not
/// depend on the rows beside it (<see cref="FloatGemm"/>), so a remembered row is the computed one. Serves all threads.
/// </summary>
/// <param name="capacity">Bytes of rows that are kept; rows beyond them are computed every time.</param>
public sealed class RowMemory(long capacity = RowMemory.DefaultCapacity)
{
    /// <summary>Enough for fifty steps of every label of a small network.</summary>
    public const long DefaultCapacity = 64 << 20;

    private readonly ConcurrentDictionary<(LinearLayer Layer, double Timestep, int Label), float[]> _rows = [];
    private long _left = capacity;

    /// <summary>Bytes of the rows kept.</summary>
    public long Bytes => _rows.Sum(row => (long)row.Value.Length * sizeof(float));

    /// <summary>Y = X W^T + bias, from memory where every row of it is known.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="step">The sampler's timestep, and scratch memory.</param>
    /// <param name="labels">One label a row: with the timestep it decides the row of X.</param>
    /// <param name="input">X, [rows, K].</param>
    /// <param name="output">Y, [rows, N], overwritten.</param>
    /// <exception cref="ArgumentException">The labels are not one a row.</exception>
    public void Linear(LinearLayer layer, StepContext step, ReadOnlySpan<int> labels, Tensor input, Tensor output)
    {
        ArgumentNullException.ThrowIfNull(layer);
        ArgumentNullException.ThrowIfNull(step);
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(output);
        if (labels.Length != input.Rows)
            throw new ArgumentException($"{layer.Key}: {input.Rows} rows need as many labels, not {labels.Length}", nameof(labels));
        var timestep = step.Timestep;
        if (Recall(layer, timestep, labels, output))
            return;
        Compute(layer, input, output, step.Workspace);
        for (var row = 0; row < labels.Length; row++)
            Keep((layer, timestep, labels[row]), output.Span.Slice(row * layer.N, layer.N));
    }

    /// <summary>Y = X W^T + bias for rows of conditioning: a large layer is not kept packed for them.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="input">X, [rows, K].</param>
    /// <param name="output">Y, [rows, N], overwritten.</param>
    /// <param name="workspace">Scratch memory.</param>
    public static void Compute(LinearLayer layer, Tensor input, Tensor output, Workspace workspace)
    {
        ArgumentNullException.ThrowIfNull(layer);
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(workspace);
        if (StreamedProduct.Suits(layer))
            StreamedProduct.Multiply(input, layer, output, workspace);
        else
            FloatGemm.Multiply(input.Span, input.Rows, layer.Packed, layer.Bias, output.Span);
    }

    private bool Recall(LinearLayer layer, double timestep, ReadOnlySpan<int> labels, Tensor output)
    {
        for (var row = 0; row < labels.Length; row++)
        {
            if (!_rows.TryGetValue((layer, timestep, labels[row]), out var known))
                return false;
            known.CopyTo(output.Span[(row * layer.N)..]);
        }

        return true;
    }

    private void Keep((LinearLayer, double, int) key, ReadOnlySpan<float> row)
    {
        var bytes = (long)row.Length * sizeof(float);
        if (_rows.ContainsKey(key))
            return;
        if (Interlocked.Add(ref _left, -bytes) < 0 || !_rows.TryAdd(key, row.ToArray()))
            Interlocked.Add(ref _left, bytes);
    }
}
