using System.Text;

namespace Drift.Models;

/// <summary>SentencePiece's preparation of a text: characters through the model's map, spaces merged, marked and put before the text.</summary>
/// <param name="model">The model.</param>
/// <remarks>
/// The library's own normaliser keeps characters whose normalised form is empty, which SentencePiece drops.
/// </remarks>
internal sealed class SentencePieceNormaliser(SentencePieceModel model)
{
    private const byte Space = (byte)' ';
    private static readonly byte[] Mark = "\u2581"u8.ToArray();

    private readonly CharacterMap _map = new(model.Map);
    private readonly byte[][] _whole = [.. model.Vocabulary.Where(piece => piece.Kind == PieceKind.UserDefined).Select(piece => Encoding.UTF8.GetBytes(piece.Text))
        .OrderByDescending(piece => piece.Length)];

    /// <summary>The normalised text.</summary>
    /// <param name="text">Any text; half a surrogate pair becomes U+FFFD.</param>
    public string Apply(string text)
    {
        ReadOnlySpan<byte> rest = Encoding.UTF8.GetBytes(text);
        var normalised = new List<byte>(rest.Length + Mark.Length);
        while (model.MergesSpaces && !rest.IsEmpty && Next(rest, out var form) is var length && form is [Space])
            rest = rest[length..];
        if (rest.IsEmpty)
            return "";

        var space = model.MarksSpaces ? Mark : [Space];
        if (model.AddsSpace)
            normalised.AddRange(space);
        var merging = model.MergesSpaces;
        while (!rest.IsEmpty)
        {
            var length = Next(rest, out var form);
            rest = rest[length..];
            while (merging && form is [Space, ..])
                form = form[1..];
            foreach (var value in form)
                normalised.AddRange(value == Space ? space : [value]);
            if (!form.IsEmpty)
                merging = form[^1] == Space;
            merging &= model.MergesSpaces;
        }

        var result = Encoding.UTF8.GetString([.. normalised]);
        return model.MergesSpaces ? result.TrimEnd(model.MarksSpaces ? '\u2581' : ' ') : result;
    }

    /// <summary>The form of what a text begins with, and how many of its bytes that is.</summary>
    private int Next(ReadOnlySpan<byte> text, out ReadOnlySpan<byte> form)
    {
        foreach (var piece in _whole)
        {
            if (piece.Length > 0 && text.StartsWith(piece))
            {
                form = text[..piece.Length];
                return piece.Length;
            }
        }

        var length = _map.Match(text, out form);
        if (length > 0)
            return length;
        Rune.DecodeFromUtf8(text, out _, out length);
        form = text[..length];
        return length;
    }
}
