using Microsoft.ML.Tokenizers;

namespace Drift.Models;

/// <summary>A SentencePiece model as T5 has it (spiece.model), through Microsoft.ML.Tokenizers: no start token, an end token behind every text.</summary>
public sealed class SentencePieceText : ITextTokenizer
{
    private readonly SentencePieceTokenizer _tokenizer;
    private readonly SentencePieceIds _ids;

    private SentencePieceText(string path)
    {
        try
        {
            var model = File.ReadAllBytes(path);
            _ids = SentencePieceIds.Read(model);
            // The library knows no model without a start token. It is never asked for one, so any id will do.
            using var stream = new MemoryStream(_ids.Start < 0 ? SentencePieceIds.WithStart(model, _ids.Unknown) : model);
            _tokenizer = SentencePieceTokenizer.Create(stream, addBeginningOfSentence: false, addEndOfSentence: false);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ModelFormatException($"{path}: no such file; expected a SentencePiece model", e);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // A damaged file brings the library to exceptions of many types.
            throw new ModelFormatException($"{path}: not a SentencePiece model: {e.Message}", e);
        }

        if (_ids.End < 0)
            throw new ModelFormatException($"{path}: the model has no end token; expected one, as T5 has it");
    }

    /// <summary>Number of ids.</summary>
    public int Vocabulary => _tokenizer.Vocabulary.Values.Append(_ids.End).Max() + 1;

    /// <inheritdoc/>
    public int PadToken => Math.Max(0, _ids.Pad);

    /// <summary>Reads a tokenizer.</summary>
    /// <param name="folder">A tokenizer's folder with spiece.model.</param>
    /// <exception cref="ModelFormatException">There is no such file, or it is damaged.</exception>
    public static SentencePieceText Load(string folder) => new(Path.Combine(folder, "spiece.model"));

    /// <inheritdoc/>
    public int[] Encode(string text)
    {
        var ids = new List<int>();
        foreach (var id in _tokenizer.EncodeToIds(text, addBeginningOfSentence: false, addEndOfSentence: false))
        {
            // SentencePiece makes one piece of neighbouring characters that it does not know; the library leaves them apart.
            if (id != _ids.Unknown || ids.LastOrDefault(-1) != id)
                ids.Add(id);
        }

        return [.. ids, _ids.End];
    }
}
