namespace Drift.Models;

/// <summary>
/// A unigram tokenizer from transformers' <c>tokenizer.json</c>, in the forms that transformers saves T5's in: text beside the added tokens goes through the normaliser, is cut into words,
/// and these into pieces. What the file asks for besides is refused. Immutable; serves all threads.
/// </summary>
internal sealed class UnigramFile
{
    private readonly AddedTokens _added;
    private readonly UnigramWords _words;
    private readonly UnigramPath _path;

    private UnigramFile(ModelConfig config, string folder)
    {
        var model = config.Section("model");
        if (model.Text("type", "Unigram") is var type && type != "Unigram")
            throw model.NotSupported("type", $"'{type}'", "Unigram here");
        var pieces = model.ScoredTexts("vocab").Select(entry => new Piece(entry.Text, entry.Score, PieceKind.Normal)).ToList();
        var unknown = model.OptionalInteger("unk_id", 0) ?? throw model.Refuse("unk_id", "missing", "the id of the piece for what no other covers");
        if (unknown >= pieces.Count)
            throw model.Refuse("unk_id", $"{unknown}", $"an id below {pieces.Count}, the number of pieces");
        _path = new UnigramPath(pieces, unknown, model.Flag("byte_fallback", false), inSingle: false);
        _words = new UnigramWords(config);
        _added = new AddedTokens(config, _words.Normalised);

        var ids = pieces.Select((piece, id) => (piece.Text, id)).Concat(config.Sections("added_tokens").Select(token => (Text: token.RequiredText("content"), id: AddedTokens.Id(token))))
            .GroupBy(token => token.Text).ToDictionary(token => token.Key, token => token.Last().id);
        End = EndOf(config, ids);
        Pad = PadOf(folder) is { } name ? ids.TryGetValue(name, out var pad) ? pad : throw config.Refuse("added_tokens", $"without '{name}'", "the pad token of tokenizer_config.json among them or the pieces")
            : ids.GetValueOrDefault("<pad>", 0);
        // Sentinels stand behind T5's pieces, and networks need not have rows for them.
        var added = config.Sections("added_tokens").Select(AddedTokens.Id).ToHashSet();
        Vocabulary = Enumerable.Range(0, pieces.Count).Where(id => !added.Contains(id)).Append(unknown).Append(End).Append(Pad).Max() + 1;
    }

    /// <summary>Id behind a text.</summary>
    public int End { get; }

    /// <summary>Id that fills a text up.</summary>
    public int Pad { get; }

    /// <summary>Ids are below this number, but for those of added tokens that a text holds.</summary>
    public int Vocabulary { get; }

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file; a tokenizer_config.json beside it may name the pad token.</param>
    /// <exception cref="ModelFormatException">It is missing, unsound, or asks for something that is not supported.</exception>
    public static UnigramFile Read(string path) => new(ModelConfig.Read(path), Path.GetDirectoryName(path)!);

    /// <summary>The ids of a text, without the end.</summary>
    /// <param name="text">Any text.</param>
    public IEnumerable<int> Pieces(string text) =>
        _added.Split(text).SelectMany(part => part.Token is { } id ? [id] : _words.Of(part.Text, part.IsFirst).SelectMany(_path.Ids));

    private static int EndOf(ModelConfig config, Dictionary<string, int> ids)
    {
        const string setting = "post_processor", supported = "a TemplateProcessing that puts one token behind a text, as T5's does";
        if (!config.HasSection(setting))
            throw config.NotSupported(setting, "null", supported);
        var processor = config.Section(setting);
        if (processor.RequiredText("type") is var type && type != "TemplateProcessing")
            throw config.NotSupported(setting, $"a {type}", supported);
        if (processor.Sections("single") is not [var text, var end] || !text.HasSection("Sequence") || !end.HasSection("SpecialToken"))
            throw config.NotSupported(setting, "another template", supported);
        var name = end.Section("SpecialToken").RequiredText("id");
        return ids.TryGetValue(name, out var id) ? id : throw config.Refuse(setting, $"about '{name}'", "a token among the pieces or the added tokens");
    }

    private static string? PadOf(string folder)
    {
        var path = Path.Combine(folder, "tokenizer_config.json");
        var config = File.Exists(path) ? ModelConfig.Read(path) : null;
        return config?.Has("pad_token") != true ? null : config.HasSection("pad_token") ? config.Section("pad_token").RequiredText("content") : config.RequiredText("pad_token");
    }
}
