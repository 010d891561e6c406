namespace Drift.Models;

/// <summary>
/// A SentencePiece unigram model as T5 has it (spiece.model): no start token, an end token behind every text. Microsoft.ML.Tokenizers reads such models too, but keeps characters
/// that SentencePiece drops and breaks ties between equally probable pieces otherwise, so its ids are not always SentencePiece's.
/// </summary>
public sealed class SentencePieceText : ITextTokenizer
{
    private readonly SentencePieceModel _model;
    private readonly SentencePieceNormaliser _normaliser;
    private readonly UnigramPath _path;

    private SentencePieceText(string path)
    {
        try
        {
            _model = new SentencePieceModel(File.ReadAllBytes(path));
            _normaliser = new SentencePieceNormaliser(_model);
            _path = new UnigramPath(_model);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ModelFormatException($"{path}: no such file; expected a SentencePiece model", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new ModelFormatException($"{path}: not a SentencePiece model that can be used: {e.Message}", e);
        }

        if (_model.End < 0)
            throw new ModelFormatException($"{path}: the model has no end token; expected one, as T5 has it");
    }

    /// <summary>Number of ids.</summary>
    public int Vocabulary => Math.Max(_model.Vocabulary.Count, _model.End + 1);

    /// <inheritdoc/>
    public int PadToken => Math.Max(0, _model.Pad);

    /// <summary>Reads a tokenizer.</summary>
    /// <param name="folder">A tokenizer's folder with spiece.model.</param>
    /// <exception cref="ModelFormatException">There is no such file, or it is damaged.</exception>
    public static SentencePieceText Load(string folder) => new(Path.Combine(folder, "spiece.model"));

    /// <inheritdoc/>
    public int[] Encode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return [.. _path.Ids(_normaliser.Apply(text)), _model.End];
    }
}
