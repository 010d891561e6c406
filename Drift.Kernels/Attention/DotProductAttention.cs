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
    /// <exception cref="ArgumentException">The operands do not fit together, the output overlaps another, or a sample's keys are all masked.</exception>
    public static void Run(AttentionCall call, Workspace workspace, int threads = 1)
    {
        ArgumentNullException.ThrowIfNull(call);
        ArgumentNullException.ThrowIfNull(workspace);
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        call.Validate();
        if (call.Output.Span.Overlaps(call.Queries.Span) || call.Output.Span.Overlaps(call.Keys.Span) || call.Output.Span.Overlaps(call.Values.Span))
            throw new ArgumentException("the output overlaps the queries, the keys or the values, which are read again after its first rows were written", nameof(call));
        var kept = call.KeyMask is { } mask ? Kept(call, mask) : null;
        if (call.Sums is { } fresh)
            fresh.Resize(call.Samples * call.Heads, call.Tokens, kept?.Max(keys => keys.Length) ?? call.KeyTokens, sparse: kept is not null || call.Causal);
        var finite = kept is null ? Whole(call, workspace, threads) : Gathered(call, kept, workspace, threads);

        // A value that is no finite number leaves no sum that it takes part in finite: only then are the operands looked through.
        if (call.Sums is { } sums)
            sums.Operands = finite ? NonFinite.None : Examine(call);
    }

    /// <summary>Every key of every sample: the samples are worked out one after the other by the same workers. Whether the sums of the checks are finite.</summary>
    private static bool Whole(AttentionCall call, Workspace workspace, int threads)
    {
        using var scope = workspace.Begin();
        var units = new Units(call, call.KeyTokens, workspace, threads);
        for (var sample = 0; sample < call.Samples; sample++)
            units.Run(sample, new SampleKeys(call.Keys, call.Values, sample * call.KeyTokens * call.Keys.Columns, []));
        return units.AreFinite;
    }

    /// <summary>The same with the keys that a mask left, another number in each sample.</summary>
    private static bool Gathered(AttentionCall call, int[][] kept, Workspace workspace, int threads)
    {
        var finite = true;
        for (var sample = 0; sample < call.Samples; sample++)
        {
            using var scope = workspace.Begin();
            var (places, first) = (kept[sample], sample * call.KeyTokens);
            var keys = new SampleKeys(Gather(call.Keys, first, places, workspace), Gather(call.Values, first, places, workspace), 0, places);
            var units = new Units(call, places.Length, workspace, threads);
            units.Run(sample, keys);
            finite &= units.AreFinite;
        }

        return finite;
    }

    /// <summary>A sample's heads, or parts of their queries where there are fewer heads than workers, for whichever worker comes.</summary>
    private sealed class Units : ParallelWork
    {
        private readonly AttentionHead[] _workers;
        private readonly OwnParts _units;
        private readonly int _heads, _parts, _blocks;
        private int _sample;
        private SampleKeys _keys;

        public Units(AttentionCall call, int keys, Workspace workspace, int threads)
        {
            (_heads, _blocks) = (call.Heads, (call.Tokens + AttentionBlocks.Queries - 1) / AttentionBlocks.Queries);
            _parts = Math.Clamp((threads + _heads - 1) / _heads, 1, _blocks);
            var macs = 2L * call.Tokens * keys * call.Queries.Columns;
            _workers = new AttentionHead[(int)Math.Min(Math.Min(threads, _heads * _parts), Math.Max(1, macs / LeastMacsPerThread))];
            for (var worker = 0; worker < _workers.Length; worker++)
                _workers[worker] = new AttentionHead(call, keys, workspace);
            _units = new OwnParts(_heads * _parts, _workers.Length);
        }

        /// <summary>With checks: whether all sums are finite that every operand takes part in.</summary>
        public bool AreFinite => Array.TrueForAll(_workers, worker => worker.IsFinite);

        public void Run(int sample, SampleKeys keys)
        {
            (_sample, _keys) = (sample, keys);
            _units.Begin();
            WorkerPool.Shared.Run(this, _heads * _parts, _workers.Length);
        }

        /// <inheritdoc/>
        protected internal override void Run(int unit, int number)
        {
            var (head, part) = Math.DivRem(_units.Next(number), _parts);
            _workers[number].Run(_sample, head, _keys, _blocks * part / _parts, _blocks * (part + 1) / _parts);
        }
    }

    /// <summary>The places of the keys that the mask leaves, a list a sample.</summary>
    private static int[][] Kept(AttentionCall call, bool[] mask)
    {
        int[][] kept = [.. mask.Chunk(call.KeyTokens).Select(keys => keys.Index().Where(key => key.Item).Select(key => key.Index).ToArray())];
        var empty = Array.FindIndex(kept, places => places.Length == 0);
        return empty < 0 ? kept : throw new ArgumentException($"the mask leaves sample {empty} no key");
    }

    private static NonFinite Examine(AttentionCall call)
    {
        NonFinite[] operands = [RangeGuard.Examine(call.Queries.Span), RangeGuard.Examine(call.Keys.Span), RangeGuard.Examine(call.Values.Span)];
        return new NonFinite(operands.Sum(found => found.NaNs), operands.Sum(found => found.Infinities), operands.Max(found => found.First));
    }

    private static Tensor Gather(Tensor rows, int first, int[] kept, Workspace workspace)
    {
        var gathered = workspace.Rent(kept.Length, rows.Columns);
        for (var i = 0; i < kept.Length; i++)
            rows.Span.Slice((first + kept[i]) * rows.Columns, rows.Columns).CopyTo(gathered.Span[(i * rows.Columns)..]);
        return gathered;
    }
}
