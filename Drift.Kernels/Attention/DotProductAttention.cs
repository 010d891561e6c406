namespace Drift.Kernels;

/// <summary>
/// softmax(scale Q K^T + bias) V in fp32, head by head; the products are <see cref="FloatGemm"/>'s, the softmax sums run in sixteen lanes. Keys that a mask leaves out are
/// left out of the products too.
/// </summary>
public static class DotProductAttention
{
    /// <summary>Scores worked on at a time: half a first-level cache, so that they never leave it between the products.</summary>
    private const int ScoreValues = 1 << 12;

    /// <summary>Attention of every query of a sample to the keys of the same sample.</summary>
    /// <param name="call">Operands, heads and masks.</param>
    /// <param name="workspace">Scratch memory.</param>
    /// <exception cref="ArgumentException">The operands do not fit together, or a sample's keys are all masked.</exception>
    public static void Run(AttentionCall call, Workspace workspace)
    {
        ArgumentNullException.ThrowIfNull(call);
        ArgumentNullException.ThrowIfNull(workspace);
        call.Validate();
        for (var sample = 0; sample < call.Samples; sample++)
        {
            using var scope = workspace.Begin();
            var (keys, values) = (Sample(call.Keys, sample, call.KeyTokens), Sample(call.Values, sample, call.KeyTokens));
            if (call.KeyMask is not { } mask)
            {
                Attend(call, sample, keys, values, default, workspace);
                continue;
            }

            int[] kept = [.. Enumerable.Range(0, call.KeyTokens).Where(key => mask[sample * call.KeyTokens + key])];
            if (kept.Length == 0)
                throw new ArgumentException($"the mask leaves sample {sample} no key");
            Attend(call, sample, Gather(keys, kept, workspace), Gather(values, kept, workspace), kept, workspace);
        }
    }

    /// <param name="call">The whole call.</param>
    /// <param name="sample">The sample.</param>
    /// <param name="keys">[keys, width]: its keys.</param>
    /// <param name="values">[keys, width]: its values.</param>
    /// <param name="kept">The place of each key before others were left out; empty where none was.</param>
    /// <param name="workspace">Scratch memory.</param>
    private static void Attend(AttentionCall call, int sample, Tensor keys, Tensor values, ReadOnlySpan<int> kept, Workspace workspace)
    {
        var (tokens, width, depth) = (call.Tokens, call.Queries.Columns, call.Depth);
        var padded = Softmax.Padded(keys.Rows);
        var block = Math.Clamp(ScoreValues / padded, 1, tokens);
        var scores = workspace.Rent(block, padded);
        var keyPanels = new FloatWeights(keys.Rows, depth, workspace);
        var valuePanels = new FloatWeights(depth, keys.Rows, workspace);
        var scale = call.Scale ?? 1 / MathF.Sqrt(depth);
        for (var head = 0; head < call.Heads; head++)
        {
            var start = sample * tokens * width + head * depth;
            keyPanels.Fill(keys.Span[(head * depth)..], width, 1);
            valuePanels.Fill(values.Span[(head * depth)..], 1, width);
            for (var first = 0; first < tokens; first += block)
            {
                var some = scores.Slice(0, Math.Min(block, tokens - first));
                var at = start + first * width;
                FloatGemm.Multiply(call.Queries.Span[at..], width, some.Rows, keyPanels, default, some.Span, padded);
                if (call.Bias is { } bias)
                    AddBias(some, first, scale, bias.Slice(bias.Shape[0] == 1 ? 0 : head, 1), keys.Rows, kept);
                Softmax.Rows(some.Span, keys.Rows, call.Bias is null ? scale : 1);
                FloatGemm.Multiply(some.Span, padded, some.Rows, valuePanels, default, call.Output.Span[at..], width);
            }
        }
    }

    /// <summary>scores = scale x scores + bias, with the bias of these queries and of the keys that were kept.</summary>
    private static void AddBias(Tensor scores, int first, float scale, Tensor bias, int keys, ReadOnlySpan<int> kept)
    {
        for (var row = 0; row < scores.Rows; row++)
        {
            var target = scores.Span.Slice(row * scores.Columns, keys);
            ReadOnlySpan<float> offsets = bias.Span.Slice((first + row) * bias.Columns, bias.Columns);
            for (var key = 0; key < keys; key++)
                target[key] = MathF.FusedMultiplyAdd(target[key], scale, offsets[kept.IsEmpty ? key : kept[key]]);
        }
    }

    private static Tensor Sample(Tensor batch, int sample, int tokens) => batch.Reshape(batch.Rows / tokens, tokens, batch.Columns).Slice(sample, 1);

    private static Tensor Gather(Tensor rows, int[] kept, Workspace workspace)
    {
        var gathered = workspace.Rent(kept.Length, rows.Columns);
        for (var i = 0; i < kept.Length; i++)
            rows.Span.Slice(kept[i] * rows.Columns, rows.Columns).CopyTo(gathered.Span[(i * rows.Columns)..]);
        return gathered;
    }
}
