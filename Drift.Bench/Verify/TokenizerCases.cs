using System.Text.Json.Serialization;
using Drift.Models;

namespace Drift.Bench;

/// <summary>Tokenizers: <c>ids.json</c> beside the files that a tokenizer is saved as.</summary>
internal sealed class TokenizerCases : ICaseKind
{
    /// <summary>How a folder's tokenizer is read, by a file that tells which it is.</summary>
    private static readonly IReadOnlyList<(string File, Func<string, ITextTokenizer> Load)> Known =
        [("spiece.model", SentencePieceText.Load), ("vocab.json", ClipTokenizer.Load), ("tokenizer.json", ByModel)];

    private static ITextTokenizer ByModel(string folder) =>
        ModelConfig.Read(Path.Combine(folder, "tokenizer.json")).Section("model").Text("type", "") == "Unigram" ? SentencePieceText.Load(folder) : ClipTokenizer.Load(folder);

    /// <inheritdoc/>
    public IEnumerable<VerificationCase> In(string folder, string label)
    {
        var list = Path.Combine(folder, "ids.json");
        if (!File.Exists(list))
            return [];
        var found = Known.FirstOrDefault(known => File.Exists(Path.Combine(folder, known.File)));
        return found.Load is { } load
            ? [new TokenizerCase(label, folder, list, load)]
            : [new UnsupportedCase(label, $"tokenizer without {string.Join(" or ", Known.Select(known => known.File))}", list)];
    }
}

/// <summary>A text and its tokens.</summary>
/// <param name="Text">The text.</param>
/// <param name="Ids">All of them.</param>
/// <param name="Padded">Cut and filled to one length.</param>
/// <param name="Mask">0 for the padding.</param>
internal sealed record TokenizedText(
    [property: JsonRequired] string Text,
    [property: JsonRequired] int[] Ids,
    [property: JsonRequired] int[] Padded,
    [property: JsonRequired] int[] Mask);

/// <summary>One tokenizer on a list of texts.</summary>
internal sealed class TokenizerCase(string name, string folder, string list, Func<string, ITextTokenizer> load) : VerificationCase(name, list)
{
    /// <inheritdoc/>
    public override IEnumerable<OutputCheck> Run(VerificationSetting setting)
    {
        var texts = CaseFiles.JsonList<TokenizedText>(list);
        var tokenizer = load(folder);
        IReadOnlyList<(TokenizedText Expected, int[] Ids, TokenBatch Padded)> ours =
            [.. texts.Select(text => (text, tokenizer.Encode(text.Text), TokenBatch.Of(tokenizer, [text.Text], Math.Max(1, text.Padded.Length))))];
        return
        [
            Worst([.. ours.Select(one => OutputCheck.Exact<int>("ids", one.Ids, one.Expected.Ids))]),
            Worst([.. ours.Select(one => OutputCheck.Exact<int>("padded", one.Padded.Ids, one.Expected.Padded))]),
            Worst([.. ours.Select(one => OutputCheck.Exact<int>("mask", [.. one.Padded.Mask.Select(kept => kept ? 1 : 0)], one.Expected.Mask))]),
        ];
    }

    private OutputCheck Worst(OutputCheck[] checks) => checks.MaxBy(check => check.Error) ?? throw new UserErrorException($"{list}: expected at least one text");
}
