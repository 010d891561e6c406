namespace Drift.Models;

/// <summary>
/// A unigram tokenizer as T5 has it: no start token, an end token behind every text. From SentencePiece's own file (spiece.model), or from transformers' (tokenizer.json), whose library
/// prepares a text a little otherwise. Microsoft.ML.Tokenizers reads the first too, but keeps characters that SentencePiece drops and breaks ties between equally probable pieces otherwise,
/// so its ids are not always SentencePiece's. Immutable; serves all threads.
/// </summary>
public sealed class SentencePieceText : ITextTokenizer
{
    private const string ModelFile = "spiece.model";

    private readonly Func<string, IEnumerable<int>> _pieces;
    private readonly int _end;

    private SentencePieceText(Func<string, IEnumerable<int>> pieces, int end, int pad, int vocabulary) => (_pieces, _end, PadToken, Vocabulary) = (pieces, end, pad, vocabulary);

    /// <summary>Ids are below this number; but T5's sentinels (<c>&lt;extra_id_0&gt;</c>), where a text holds one and a tokenizer.json has it, may not be.</summary>
    public int Vocabulary { get; }

    /// <inheritdoc/>
    public int PadToken { get; }

    /// <summary>Reads a tokenizer.</summary>
    /// <param name="folder">A tokenizer's folder with spiece.model, which counts where both are there, or tokenizer.json.</param>
    /// <exception cref="ModelFormatException">There is no such file, or it is damaged or of another kind.</exception>
    public static SentencePieceText Load(string folder)
    {
        string model = Path.Combine(folder, ModelFile), whole = Path.Combine(folder, BytePairs.WholeFile);
        if (File.Exists(model))
            return OfModel(model);
        if (!File.Exists(whole))
            throw new ModelFormatException($"{model}: no such file; expected a SentencePiece model, or {BytePairs.WholeFile}");
        var file = UnigramFile.Read(whole);
        return new SentencePieceText(file.Pieces, file.End, file.Pad, file.Vocabulary);
    }

    /// <inheritdoc/>
    public int[] Encode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return [.. _pieces(text), _end];
    }

    private static SentencePieceText OfModel(string path)
    {
        try
        {
            var model = new SentencePieceModel(File.ReadAllBytes(path));
            if (model.End < 0)
                throw new ModelFormatException($"{path}: the model has no end token; expected one, as T5 has it");
            var normaliser = new SentencePieceNormaliser(model);
            var cut = new UnigramPath(model.Vocabulary, model.Unknown, model.SpellsBytes, inSingle: true);
            return new SentencePieceText(text => cut.Ids(normaliser.Apply(text)), model.End, Math.Max(0, model.Pad), Math.Max(model.Vocabulary.Count, model.End + 1));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new ModelFormatException($"{path}: not a SentencePiece model that can be used: {e.Message}", e);
        }
    }
}
