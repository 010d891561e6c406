namespace Drift.Models;

/// <summary>Token ids of some texts, all of one length.</summary>
/// <param name="Tokens">Tokens of a text.</param>
/// <param name="Ids">[texts x tokens].</param>
/// <param name="Mask">[texts x tokens]: false for padding.</param>
public sealed record TokenBatch(int Tokens, int[] Ids, bool[] Mask)
{
    /// <summary>Number of texts.</summary>
    public int Texts => Ids.Length / Tokens;

    /// <summary>Texts cut to a length, with their last token, the end, kept, and padded to it.</summary>
    /// <param name="tokenizer">Text to ids.</param>
    /// <param name="texts">The texts.</param>
    /// <param name="tokens">Tokens of every text, at least 1.</param>
    public static TokenBatch Of(ITextTokenizer tokenizer, IReadOnlyList<string> texts, int tokens)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentOutOfRangeException.ThrowIfLessThan(tokens, 1);
        var batch = new TokenBatch(tokens, new int[texts.Count * tokens], new bool[texts.Count * tokens]);
        for (var text = 0; text < texts.Count; text++)
        {
            var ids = tokenizer.Encode(texts[text]);
            if (ids.Length > tokens)
                ids = [.. ids[..(tokens - 1)], ids[^1]];
            var row = batch.Ids.AsSpan(text * tokens, tokens);
            row.Fill(tokenizer.PadToken);
            ids.CopyTo(row);
            batch.Mask.AsSpan(text * tokens, ids.Length).Fill(true);
        }

        return batch;
    }

    /// <summary>The same ids with nothing masked, for networks that read padding too.</summary>
    public TokenBatch Unmasked() => this with { Mask = [.. Enumerable.Repeat(true, Mask.Length)] };
}
