namespace Drift.Kernels;

/// <summary>Attention of one head as wide as its tokens, in fp32 on the host: two products around a softmax.</summary>
public static class SingleHeadAttention
{
    /// <summary>Scores held at a time, in values.</summary>
    private const int ScratchValues = 1 << 18;

    /// <summary>output = softmax(Q K^T / sqrt(width)) V, for every sample on its own.</summary>
    /// <param name="query">[batch, tokens, width].</param>
    /// <param name="key">The same shape.</param>
    /// <param name="value">The same shape.</param>
    /// <param name="output">The same shape, overwritten.</param>
    /// <param name="workspace">Scratch memory.</param>
    public static void Apply(Tensor query, Tensor key, Tensor value, Tensor output, Workspace workspace)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(value);
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(workspace);
        var (tokens, width) = (query.Shape[1], query.Shape[2]);
        using var scope = workspace.Begin();
        var chunk = Math.Clamp(ScratchValues / tokens, 1, tokens);
        var scores = workspace.Rent(chunk, tokens).Span;
        var transposed = workspace.Rent(width, tokens).Span;
        for (var sample = 0; sample < query.Shape[0]; sample++)
        {
            var q = query.Slice(sample, 1).Span;
            var v = value.Slice(sample, 1).Span;
            var o = output.Slice(sample, 1).Span;
            for (var i = 0; i < v.Length; i++)
                transposed[i % width * tokens + i / width] = v[i];
            var keys = FloatGemm.Pack(key.Slice(sample, 1).Span, tokens, width);
            var values = FloatGemm.Pack(transposed, width, tokens);
            for (var first = 0; first < tokens; first += chunk)
            {
                var rows = Math.Min(chunk, tokens - first);
                var part = scores[..(rows * tokens)];
                FloatGemm.Multiply(q.Slice(first * width, rows * width), rows, keys, default, part);
                Softmax.Rows(part, tokens, 1 / MathF.Sqrt(width));
                FloatGemm.Multiply(part, rows, values, default, o.Slice(first * width, rows * width));
            }
        }
    }
}
