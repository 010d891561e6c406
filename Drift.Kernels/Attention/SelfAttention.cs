namespace Drift.Kernels;

/// <summary>softmax(Q K^T / sqrt(d)) V in fp32, head by head; the products are <see cref="FloatGemm"/>'s, the softmax sums run in sixteen lanes.</summary>
public static class SelfAttention
{
    /// <summary>Attention of every token of a sample to every token of the same sample.</summary>
    /// <param name="queries">Q, [samples x tokens, heads x d]: a head's values stand together.</param>
    /// <param name="keys">K, as Q.</param>
    /// <param name="values">V, as Q.</param>
    /// <param name="tokens">Tokens of a sample.</param>
    /// <param name="heads">Number of heads.</param>
    /// <param name="output">As Q; overwritten.</param>
    /// <param name="workspace">Scratch memory.</param>
    /// <exception cref="ArgumentException">The heads do not divide the width, or the tokens the rows.</exception>
    public static void Run(Tensor queries, Tensor keys, Tensor values, int tokens, int heads, Tensor output, Workspace workspace)
    {
        ArgumentNullException.ThrowIfNull(queries);
        ArgumentNullException.ThrowIfNull(keys);
        ArgumentNullException.ThrowIfNull(values);
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(workspace);
        int width = queries.Columns, rows = queries.Rows;
        if (heads < 1 || width % heads != 0)
            throw new ArgumentException($"{heads} heads do not divide a width of {width}", nameof(heads));
        if (tokens < 1 || rows % tokens != 0)
            throw new ArgumentException($"{tokens} tokens a sample do not divide {rows} rows", nameof(tokens));
        if (keys.Length != queries.Length || values.Length != queries.Length || output.Length != queries.Length)
            throw new ArgumentException($"queries have {queries.Length} values, keys {keys.Length}, values {values.Length}, output {output.Length}", nameof(keys));

        using var scope = workspace.Begin();
        var depth = width / heads;
        var padded = Softmax.Padded(tokens);
        var scores = workspace.Rent(tokens, padded);
        var keyPanels = new FloatWeights(tokens, depth, workspace);
        var valuePanels = new FloatWeights(depth, tokens, workspace);
        var scale = 1 / MathF.Sqrt(depth);
        for (var first = 0; first < rows; first += tokens)
        {
            for (var head = 0; head < heads; head++)
            {
                var start = first * width + head * depth;
                keyPanels.Fill(keys.Span[start..], width, 1);
                valuePanels.Fill(values.Span[start..], 1, width);
                FloatGemm.Multiply(queries.Span[start..], width, tokens, keyPanels, default, scores.Span, padded);
                Softmax.Rows(scores.Span, tokens, scale);
                FloatGemm.Multiply(scores.Span, padded, tokens, valuePanels, default, output.Span[start..], width);
            }
        }
    }
}
