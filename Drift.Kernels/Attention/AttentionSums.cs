namespace Drift.Kernels;

/// <summary>
/// Line sums of attention's two products, after EFTA (arXiv 2504.02211). Scores are summed raw, Q K^T before scale and bias, in blocks of <see cref="AttentionBlocks.Queries"/> queries
/// and <see cref="AttentionBlocks.Keys"/> keys: along a row over the keys of a block, along a column over its queries. The output is summed along its rows: its expected sum,
/// the weights times the line sums of V, passes through every rescaling and the last division with the row. Its columns are rescaled row by row and have no such sum.
/// All sums are fp32; how far the two may lie apart without a fault is the judge's business.
/// </summary>
public sealed class AttentionSums
{
    private float[] _expectedRows = [], _observedRows = [], _expectedColumns = [], _observedColumns = [], _expectedOutputs = [], _observedOutputs = [];

    /// <summary>Products of each kind: samples x heads.</summary>
    public int Products { get; private set; }

    /// <summary>Queries of a sample.</summary>
    public int Tokens { get; private set; }

    /// <summary>Most keys of a sample that a mask left.</summary>
    public int Keys { get; private set; }

    /// <summary>Blocks of queries.</summary>
    public int QueryBlocks { get; private set; }

    /// <summary>Blocks of keys.</summary>
    public int KeyBlocks { get; private set; }

    /// <summary>[products, tokens, key blocks]: q times the sum of the block's keys.</summary>
    public Span<float> ExpectedScoreRows => _expectedRows.AsSpan(0, Products * Tokens * KeyBlocks);

    /// <summary>[products, tokens, key blocks]: the sum of the scores as they are.</summary>
    public Span<float> ObservedScoreRows => _observedRows.AsSpan(0, Products * Tokens * KeyBlocks);

    /// <summary>[products, query blocks, keys]: the sum of the block's queries times k. Keys that a mask left out have no place.</summary>
    public Span<float> ExpectedScoreColumns => _expectedColumns.AsSpan(0, Products * QueryBlocks * Keys);

    /// <summary>[products, query blocks, keys]: the sum of the scores as they are.</summary>
    public Span<float> ObservedScoreColumns => _observedColumns.AsSpan(0, Products * QueryBlocks * Keys);

    /// <summary>[products, tokens]: the weights times V's line sums.</summary>
    public Span<float> ExpectedOutputs => _expectedOutputs.AsSpan(0, Products * Tokens);

    /// <summary>[products, tokens]: the sum of the output's row as it is.</summary>
    public Span<float> ObservedOutputs => _observedOutputs.AsSpan(0, Products * Tokens);

    /// <summary>Values of Q, K and V that are no finite numbers, where one of them takes part in a sum. Where there are any, the sums mean nothing.</summary>
    public NonFinite Operands { get; internal set; } = NonFinite.None;

    /// <summary>Makes room.</summary>
    /// <param name="products">Products of each kind.</param>
    /// <param name="tokens">Queries of a sample.</param>
    /// <param name="keys">Most keys of a sample that a mask left.</param>
    /// <param name="sparse">Whether places may stay unwritten: those hold 0 on both sides.</param>
    internal void Resize(int products, int tokens, int keys, bool sparse)
    {
        (Products, Tokens, Keys) = (products, tokens, keys);
        QueryBlocks = (tokens + AttentionBlocks.Queries - 1) / AttentionBlocks.Queries;
        KeyBlocks = (keys + AttentionBlocks.Keys - 1) / AttentionBlocks.Keys;
        (_expectedRows, _observedRows) = (Room(_expectedRows, products * tokens * KeyBlocks), Room(_observedRows, products * tokens * KeyBlocks));
        (_expectedColumns, _observedColumns) = (Room(_expectedColumns, products * QueryBlocks * keys), Room(_observedColumns, products * QueryBlocks * keys));
        (_expectedOutputs, _observedOutputs) = (Room(_expectedOutputs, products * tokens), Room(_observedOutputs, products * tokens));

        float[] Room(float[] sums, int count)
        {
            if (sums.Length < count)
                return new float[count];
            if (sparse)
                sums.AsSpan(0, count).Clear();
            return sums;
        }
    }
}

/// <summary>Edges of the blocks that attention works in. Not tuning knobs: they are part of what a line sum means, and of the order in which long rows are summed.</summary>
public static class AttentionBlocks
{
    /// <summary>Queries of a block: few enough that heads of a picture can be shared out by blocks, so many that the row of their sum is one in 257.</summary>
    public const int Queries = 256;

    /// <summary>Keys of a block. Up to as many, softmax is not split.</summary>
    public const int Keys = 512;
}
