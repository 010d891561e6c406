using System.Globalization;
using System.Text;
using Microsoft.ML.Tokenizers;

namespace Drift.Models;

/// <summary>
/// Words as CLIP's byte pairs know them: an English contraction's ending, a run of letters, one number, or a run of anything else but space. Counted in code
/// points: a regular expression of .NET sees halves of surrogate pairs, which are no letters.
/// </summary>
internal sealed class ClipWords : PreTokenizer
{
    private static readonly IReadOnlyList<string> Endings = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"];

    private enum Kind
    {
        Space,
        Letter,
        Number,
        Other,
    }

    /// <inheritdoc/>
    public override IEnumerable<(int Offset, int Length)> PreTokenize(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var start = 0;
        while (start < text.Length)
        {
            var (kind, length) = At(text, start);
            if (kind != Kind.Space)
            {
                length = Endings.FirstOrDefault(ending => string.CompareOrdinal(text, start, ending, 0, ending.Length) == 0)?.Length ?? Run(text, start, kind, length);
                yield return (start, length);
            }

            start += length;
        }
    }

    /// <inheritdoc/>
    public override IEnumerable<(int Offset, int Length)> PreTokenize(ReadOnlySpan<char> text) => PreTokenize(text.ToString());

    private static int Run(string text, int start, Kind kind, int length)
    {
        while (kind != Kind.Number && start + length < text.Length && At(text, start + length) is var (next, more) && next == kind)
            length += more;
        return length;
    }

    private static (Kind Kind, int Length) At(string text, int index)
    {
        Rune.DecodeFromUtf16(text.AsSpan(index), out var rune, out var length);
        var kind = Rune.IsWhiteSpace(rune) ? Kind.Space : Rune.GetUnicodeCategory(rune) switch
        {
            <= UnicodeCategory.OtherLetter => Kind.Letter,
            UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => Kind.Number,
            _ => Kind.Other,
        };
        return (kind, length);
    }
}
