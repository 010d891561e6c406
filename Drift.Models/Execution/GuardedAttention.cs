using Drift.Kernels;

namespace Drift.Models;

/// <summary>
/// Attention whose two products run as guarded ones, head by head: scores Q K^T and values A V. What stands for the weights, keys and then values, is quantised and packed anew for
/// every head. Serves one thread.
/// </summary>
/// <param name="multiply">A guarded product: rows of activations by INT8 weights, under the key of a layer, to values.</param>
/// <param name="layers">Says how weights are quantised, and packs them.</param>
internal sealed class GuardedAttention(GuardedAttention.Product multiply, QuantisedLayers layers)
{
    private const int Kinds = 2;

    /// <summary>Runs a guarded product.</summary>
    /// <param name="key">The product's place.</param>
    /// <param name="activations">[rows, K], row-major without gaps.</param>
    /// <param name="weights">W.</param>
    /// <param name="values">Takes [rows, N].</param>
    public delegate void Product(LayerKey key, ReadOnlySpan<float> activations, QuantisedLayer weights, Span<float> values);

    /// <summary>Attention of one picture's samples.</summary>
    /// <param name="call">The whole batch's call.</param>
    /// <param name="samples">The picture's samples.</param>
    /// <param name="before">The layer that was computed last, which tells the attentions of a block apart.</param>
    /// <param name="tiles">Tiles of the checks.</param>
    /// <param name="workspace">Scratch memory.</param>
    public void Run(AttentionCall call, Range samples, LayerKey before, ChecksumTiles tiles, Workspace workspace)
    {
        var (first, count) = samples.GetOffsetAndLength(call.Samples);
        // A block has one self-attention and one cross-attention for each of its transformers.
        var attention = before.Index * Kinds + (before.Role is GemmRole.CrossKey or GemmRole.CrossValue ? 1 : 0);
        for (var sample = 0; sample < count; sample++)
        {
            int[] kept = [.. Enumerable.Range(0, call.KeyTokens).Where(key => call.KeyMask?[(first + sample) * call.KeyTokens + key] ?? true)];
            for (var head = 0; head < call.Heads; head++)
            {
                using var scope = workspace.Begin();
                var place = (attention * count + sample) * call.Heads + head;
                Head(call, first + sample, head, kept, new LayerKey(before.Block, GemmRole.AttentionScores, place), tiles, workspace);
            }
        }
    }

    private void Head(AttentionCall call, int sample, int head, int[] kept, LayerKey key, ChecksumTiles tiles, Workspace workspace)
    {
        var (tokens, depth) = (call.Tokens, call.Depth);
        var query = Part(call.Queries, sample * tokens, [.. Enumerable.Range(0, tokens)], head, depth, workspace);
        var keys = Part(call.Keys, sample * call.KeyTokens, kept, head, depth, workspace);
        var values = Part(call.Values, sample * call.KeyTokens, kept, head, depth, workspace);
        var scores = workspace.Rent(tokens, kept.Length);
        Multiply(key, query.Span, keys.Span, kept.Length, depth, tiles, scores.Span);

        // Rows of a softmax are padded to whole vectors.
        var padded = workspace.Rent(tokens, Softmax.Padded(kept.Length));
        var weights = workspace.Rent(tokens, kept.Length);
        var scale = call.Scale ?? 1 / MathF.Sqrt(depth);
        for (var row = 0; row < tokens; row++)
        {
            var target = padded.Slice(row, 1).Span;
            for (var i = 0; i < kept.Length; i++)
                target[i] = scores.Span[row * kept.Length + i] * scale + (call.Bias is { } bias ? Bias(bias, head, row, kept[i]) : 0);
        }

        Softmax.Rows(padded.Span, kept.Length, 1);
        for (var row = 0; row < tokens; row++)
            padded.Slice(row, 1).Span[..kept.Length].CopyTo(weights.Slice(row, 1).Span);

        // V^T: an output feature for each value of the head, a column for each key.
        var transposed = workspace.Rent(depth, kept.Length);
        for (var i = 0; i < kept.Length; i++)
        {
            for (var d = 0; d < depth; d++)
                transposed.Span[d * kept.Length + i] = values.Span[i * depth + d];
        }

        var attended = workspace.Rent(tokens, depth);
        Multiply(key with { Role = GemmRole.AttentionValues }, weights.Span, transposed.Span, depth, kept.Length, tiles, attended.Span);
        for (var row = 0; row < tokens; row++)
            attended.Slice(row, 1).Span.CopyTo(call.Output.Span[((sample * tokens + row) * call.Output.Columns + head * depth)..]);
    }

    private void Multiply(LayerKey key, ReadOnlySpan<float> activations, ReadOnlySpan<float> weights, int n, int k, ChecksumTiles tiles, Span<float> values)
    {
        var packed = layers.Prepare(new HeldRows(weights.ToArray(), n, k), tiles);
        try
        {
            multiply(key, activations, packed, values);
        }
        finally
        {
            packed.Weights.Dispose();
        }
    }

    private static float Bias(Tensor bias, int head, int row, int key) => bias.Span[((bias.Shape[0] == 1 ? 0 : head) * bias.Shape[1] + row) * bias.Shape[2] + key];

    /// <summary>Some rows of a sample, one head's columns.</summary>
    private static Tensor Part(Tensor whole, int firstRow, int[] rows, int head, int depth, Workspace workspace)
    {
        var part = workspace.Rent(rows.Length, depth);
        for (var i = 0; i < rows.Length; i++)
            whole.Span.Slice((firstRow + rows[i]) * whole.Columns + head * depth, depth).CopyTo(part.Span[(i * depth)..]);
        return part;
    }
}
