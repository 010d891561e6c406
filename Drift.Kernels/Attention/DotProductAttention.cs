namespace Drift.Kernels;

/// <summary>
/// softmax(scale Q K^T + bias) V in fp32, head by head; the products are chains of fused multiply-adds, as everywhere, the softmax sums run in sixteen lanes. Keys that a mask leaves
/// out are left out of the products too. Scores exist a block at a time (<see cref="AttentionBlocks"/>); the bits depend on no thread count.
/// </summary>
public static class DotProductAttention
{
    // Below this many multiply-accumulates a second thread costs more than it brings.
    private const long LeastMacsPerThread = 1_000_000;

    /// <summary>Attention of every query of a sample to the keys of the same sample.</summary>
    /// <param name="call">Operands, heads and masks.</param>
    /// <param name="workspace">Scratch memory.</param>
    /// <param name="threads">Most threads to use, at least 1.</param>
    /// <exception cref="ArgumentException">The operands do not fit together, or a sample's keys are all masked.</exception>
    public static void Run(AttentionCall call, Workspace workspace, int threads = 1)
    {
        ArgumentNullException.ThrowIfNull(call);
        ArgumentNullException.ThrowIfNull(workspace);
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        call.Validate();
        int[]?[] kept = [.. Enumerable.Range(0, call.Samples).Select(sample => Kept(call, sample))];
        if (call.Sums is { } fresh)
            fresh.Resize(call.Samples * call.Heads, call.Tokens, kept.Max(keys => keys?.Length ?? call.KeyTokens), sparse: call.KeyMask is not null || call.Causal);

        for (var sample = 0; sample < call.Samples; sample++)
        {
            using var scope = workspace.Begin();
            var (keys, values) = (Sample(call.Keys, sample, call.KeyTokens), Sample(call.Values, sample, call.KeyTokens));
            if (kept[sample] is { } some)
                (keys, values) = (Gather(keys, some, workspace), Gather(values, some, workspace));
            Heads(call, sample, keys, values, kept[sample] ?? [], workspace, threads);
        }

        // A value that is no finite number leaves no sum that it takes part in finite: only then are the operands looked through.
        if (call.Sums is { } sums)
            sums.Operands = RangeGuard.AllFinite(sums.ExpectedScoreRows) && RangeGuard.AllFinite(sums.ExpectedOutputs) ? NonFinite.None : Examine(call);
    }

    /// <summary>A sample's heads, shared out to workers; where there are fewer heads than those, blocks of queries are shared out too.</summary>
    private static void Heads(AttentionCall call, int sample, Tensor keys, Tensor values, int[] kept, Workspace workspace, int threads)
    {
        var blocks = (call.Tokens + AttentionBlocks.Queries - 1) / AttentionBlocks.Queries;
        var parts = Math.Clamp((threads + call.Heads - 1) / call.Heads, 1, blocks);
        var macs = 2L * call.Tokens * keys.Rows * call.Queries.Columns;
        var workers = (int)Math.Min(Math.Min(threads, call.Heads * parts), Math.Max(1, macs / LeastMacsPerThread));
        AttentionHead[] worker = [.. Enumerable.Range(0, workers).Select(_ => new AttentionHead(call, keys.Rows, workspace))];
        WorkerPool.Shared.Run(new Units(worker, sample, keys, values, kept, parts, blocks), call.Heads * parts, workers);
    }

    /// <summary>Heads, or parts of their queries, for whichever worker comes.</summary>
    private sealed class Units(AttentionHead[] worker, int sample, Tensor keys, Tensor values, int[] kept, int parts, int blocks) : ParallelWork
    {
        /// <inheritdoc/>
        protected internal override void Run(int unit, int number)
        {
            var (head, part) = Math.DivRem(unit, parts);
            worker[number].Run(sample, head, keys, values, kept, blocks * part / parts, blocks * (part + 1) / parts);
        }
    }

    /// <summary>The places of the keys that a sample's mask leaves; null without a mask.</summary>
    private static int[]? Kept(AttentionCall call, int sample)
    {
        if (call.KeyMask is not { } mask)
            return null;
        int[] kept = [.. Enumerable.Range(0, call.KeyTokens).Where(key => mask[sample * call.KeyTokens + key])];
        return kept.Length > 0 ? kept : throw new ArgumentException($"the mask leaves sample {sample} no key");
    }

    private static NonFinite Examine(AttentionCall call)
    {
        NonFinite[] operands = [RangeGuard.Examine(call.Queries.Span), RangeGuard.Examine(call.Keys.Span), RangeGuard.Examine(call.Values.Span)];
        return new NonFinite(operands.Sum(found => found.NaNs), operands.Sum(found => found.Infinities), operands.Max(found => found.First));
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
