using System.Text;
using Microsoft.ML.Tokenizers;

namespace Drift.Models;

/// <summary>
/// CLIP's tokenizer from a folder as transformers saves it: byte pairs of composed, lower-case text, between a start and an end token. Immutable; serves all
/// threads.
/// </summary>
public sealed class ClipTokenizer : ITextTokenizer
{
    private const string WordEnd = "</w>", StartToken = "<|startoftext|>", EndToken = "<|endoftext|>";

    /// <summary>What CLIP was trained with, where a folder does not say.</summary>
    private const int UsualLength = 77;

    private readonly BpeTokenizer _pairs;
    private readonly Dictionary<string, int> _special;
    private readonly int _start, _end;

    private ClipTokenizer(string folder)
    {
        var pairs = BytePairs.Load(folder);
        var (config, map) = (Settings(folder, "tokenizer_config.json"), Settings(folder, "special_tokens_map.json"));
        // transformers lets the older file win unless the newer one lists every added token.
        var first = config is null || !config.Has("added_tokens_decoder") ? map ?? config : config;
        string Named(string name, string fallback) => Token(first, name) ?? Token(config, name) ?? fallback;
        int Id(string token) => pairs.Vocabulary.TryGetValue(token, out var id) || pairs.Special.TryGetValue(token, out id)
            ? id : throw new ModelFormatException($"{pairs.Source}: there is no token '{token}'; expected it in the vocabulary");
        string start = Named("bos_token", StartToken), end = Named("eos_token", EndToken), pad = Named("pad_token", EndToken), unknown = Named("unk_token", EndToken);
        (_start, _end, PadToken) = (Id(start), Id(end), Id(pad));
        _special = new Dictionary<string, int>(pairs.Special) { [start] = _start, [end] = _end, [pad] = PadToken, [unknown] = Id(unknown) };
        Length = (int)Math.Clamp(config?.Number("model_max_length", UsualLength, 2) ?? UsualLength, 2, int.MaxValue);
        Vocabulary = pairs.Vocabulary.Values.Concat(_special.Values).Max() + 1;
        _pairs = Open(pairs, unknown);
    }

    /// <inheritdoc/>
    public int PadToken { get; }

    /// <summary>Tokens that the folder's network takes at most, start and end among them; very many where the folder sets no limit.</summary>
    public int Length { get; }

    /// <summary>Ids are below this number.</summary>
    public int Vocabulary { get; }

    /// <summary>Reads a tokenizer.</summary>
    /// <param name="folder">Holds <c>vocab.json</c> and <c>merges.txt</c>, or <c>tokenizer.json</c>.</param>
    /// <exception cref="ModelFormatException">The files are missing or unsound.</exception>
    public static ClipTokenizer Load(string folder) => new(folder);

    /// <inheritdoc/>
    public int[] Encode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var ids = new List<int> { _start };
        while (NextSpecial(text) is { Token: not null } found)
        {
            ids.AddRange(Plain(text[..found.Index]));
            ids.Add(_special[found.Token]);
            text = text[(found.Index + found.Token.Length)..];
        }

        return [.. ids, .. Plain(text), _end];
    }

    private (int Index, string? Token) NextSpecial(string text) =>
        (from token in _special.Keys
         let index = text.IndexOf(token, StringComparison.Ordinal)
         where index >= 0
         orderby index, token.Length descending
         select (index, token)).FirstOrDefault();

    private IReadOnlyList<int> Plain(string text) => _pairs.EncodeToIds(LowerCase(CanonicalComposition.Apply(text)));

    /// <summary>Code point by code point, without regard to the neighbours; U+0130 is the one that becomes two.</summary>
    private static string LowerCase(string text) =>
        string.Concat(text.EnumerateRunes().Select(rune => rune.Value == 0x130 ? "i\u0307" : Rune.ToLowerInvariant(rune).ToString()));

    private static ModelConfig? Settings(string folder, string name) =>
        Path.Combine(folder, name) is var path && File.Exists(path) ? ModelConfig.Read(path) : null;

    /// <summary>A token stands as a text or with its properties.</summary>
    private static string? Token(ModelConfig? config, string name) =>
        config?.Has(name) != true ? null : config.HasSection(name) ? config.Section(name).RequiredText("content") : config.RequiredText(name);

    private static BpeTokenizer Open(BytePairs pairs, string unknown)
    {
        try
        {
            return BpeTokenizer.Create(new BpeOptions(pairs.Special.Concat(pairs.Vocabulary).DistinctBy(piece => piece.Key))
            {
                Merges = pairs.Merges,
                PreTokenizer = new ClipWords(),
                ByteLevel = true,
                EndOfWordSuffix = WordEnd,
                UnknownToken = unknown,
            });
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException or FormatException or KeyNotFoundException or InvalidDataException)
        {
            throw new ModelFormatException($"{pairs.Source}: vocabulary and merges do not make byte pairs: {exception.Message}", exception);
        }
    }
}
