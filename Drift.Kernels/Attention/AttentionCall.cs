namespace Drift.Kernels;

/// <summary>softmax(scale Q K^T + bias) V, head by head, every query of a sample to the keys of the same sample.</summary>
/// <param name="Queries">Q, [samples x tokens, heads x d]: a head's values stand together.</param>
/// <param name="Keys">K, [samples x key tokens, heads x d].</param>
/// <param name="Values">V, as K.</param>
/// <param name="Tokens">Queries of a sample.</param>
/// <param name="Heads">Number of heads.</param>
/// <param name="Output">As Q; overwritten while Q, K and V are still read, so in memory of its own.</param>
public sealed record AttentionCall(Tensor Queries, Tensor Keys, Tensor Values, int Tokens, int Heads, Tensor Output)
{
    /// <summary>Keys of a sample: as many as queries in self-attention, another number in cross-attention.</summary>
    public int KeyTokens { get; init; } = Tokens;

    /// <summary>For each key of each sample whether it is there, at least one of them a sample; null where all are. The others get no weight.</summary>
    public bool[]? KeyMask { get; init; }

    /// <summary>
    /// Added to the scaled scores: [heads or 1, tokens, key tokens], the same for all samples. Minus infinity bars a key from a query, of which each must keep one. Null
    /// for none.
    /// </summary>
    public Tensor? Bias { get; init; }

    /// <summary>Factor of the scores, positive; 1 / sqrt(d) where not set.</summary>
    public float? Scale { get; init; }

    /// <summary>Whether a query sees the keys up to its own place only: key j of query i where j is at most i + keys - queries. Needs as many keys as queries, or more.</summary>
    public bool Causal { get; init; }

    /// <summary>Whether Q, K and V count as bf16: each value is rounded to the nearest, ties to even, before it is multiplied. Scores, weights and sums stay fp32.</summary>
    public bool Bfloat16 { get; init; }

    /// <summary>Takes the line sums of both products; null for no checks.</summary>
    public AttentionSums? Sums { get; init; }

    /// <summary>
    /// Flips of the raw scores, the bits of fp32 values: an entry for each sample and head, samples first, each for [<see cref="Tokens"/>, keys that the mask left]. Null for none.
    /// </summary>
    public IReadOnlyList<FaultPlan>? ScoreFaults { get; init; }

    /// <summary>Flips of the output before its last division, as <see cref="ScoreFaults"/>, each for [<see cref="Tokens"/>, <see cref="Depth"/>]. Null for none.</summary>
    public IReadOnlyList<FaultPlan>? OutputFaults { get; init; }

    /// <summary>Samples of the batch.</summary>
    public int Samples => Queries.Rows / Tokens;

    /// <summary>Values of a head: d.</summary>
    public int Depth => Queries.Columns / Heads;

    /// <summary>Refuses operands that do not fit together.</summary>
    /// <exception cref="ArgumentException">The heads do not divide the width, the tokens the rows, or two operands disagree.</exception>
    public void Validate()
    {
        int width = Queries.Columns, rows = Queries.Rows;
        if (Heads < 1 || width % Heads != 0)
            throw new ArgumentException($"{Heads} heads do not divide a width of {width}");
        if (Tokens < 1 || rows % Tokens != 0)
            throw new ArgumentException($"{Tokens} tokens a sample do not divide {rows} rows");
        var keyed = (long)Samples * KeyTokens * width;
        if (KeyTokens < 1 || Keys.Length != keyed || Values.Length != keyed || Output.Length != Queries.Length)
        {
            throw new ArgumentException($"{Samples} samples of {Tokens} queries and {KeyTokens} keys, {width} wide, do not fit keys of {Keys.Length} values, " +
                $"values of {Values.Length} and an output of {Output.Length}");
        }

        if (Causal && KeyTokens < Tokens)
            throw new ArgumentException($"a causal mask needs as many keys as queries or more, not {KeyTokens} for {Tokens}");
        foreach (var plans in new[] { ScoreFaults, OutputFaults })
        {
            if (plans is not null && plans.Count != Samples * Heads)
                throw new ArgumentException($"{plans.Count} fault plans are not one for each of {Samples} samples and {Heads} heads");
        }

        if (KeyMask is { } mask && mask.Length != Samples * KeyTokens)
            throw new ArgumentException($"a mask of {mask.Length} entries is not one of {Samples} samples of {KeyTokens} keys");
        if (Bias is { } bias && (bias.Shape is not [var heads, var queries, var keys] || (heads != 1 && heads != Heads) || queries != Tokens || keys != KeyTokens))
            throw new ArgumentException($"a bias of [{string.Join(", ", bias.Shape)}] is not one of [{Heads} or 1, {Tokens}, {KeyTokens}]");
    }
}
