using System.Text;

namespace Drift.Models;

/// <summary>
/// The most probable way of cutting a text into a unigram model's pieces (Kudo, arXiv 1804.10959), by Viterbi's rule. Sums go from the front, fp32 in SentencePiece and fp64 in
/// transformers' tokenizers: where two ways are equally probable, the rounding decides.
/// </summary>
internal sealed class UnigramPath
{
    private const double UnknownPenalty = 10, UserDefinedDiscount = 0.1;

    private readonly IReadOnlyList<Piece> _vocabulary;
    private readonly Dictionary<string, int> _ids = [];
    private readonly int _unknown, _longest;
    private readonly double _unknownScore, _most;
    private readonly bool _inSingle;

    /// <summary>The piece of each byte, or -1; null where unknown characters are not spelled.</summary>
    private readonly int[]? _bytes;

    /// <summary>Prepares the look-up.</summary>
    /// <param name="vocabulary">The pieces by id.</param>
    /// <param name="unknown">Id of what no piece covers.</param>
    /// <param name="spellsBytes">Whether what no piece covers is spelled in the bytes of its UTF-8, where there is a piece of each.</param>
    /// <param name="inSingle">Whether sums are fp32.</param>
    public UnigramPath(IReadOnlyList<Piece> vocabulary, int unknown, bool spellsBytes, bool inSingle)
    {
        (_vocabulary, _unknown, _inSingle) = (vocabulary, unknown, inSingle);
        for (var id = 0; id < vocabulary.Count; id++)
        {
            if (vocabulary[id] is { Kind: PieceKind.Normal or PieceKind.UserDefined, Text: { Length: > 0 } text })
                _ids.TryAdd(text, id);
        }

        if (spellsBytes)
            _bytes = BytePieces(vocabulary);
        var scores = vocabulary.Where(piece => piece.Kind == PieceKind.Normal).Select(piece => piece.Score).DefaultIfEmpty().ToList();
        // SentencePiece looks for the highest score from the least float above 0 on, so that no logarithm of a probability is it, and a piece that a user defined beats them all.
        (_unknownScore, _most) = (Rounded(scores.Min() - UnknownPenalty), Math.Max(scores.Max(), 0));
        _longest = _ids.Keys.Select(text => text.Length).DefaultIfEmpty().Max();
    }

    /// <summary>The piece of each byte by its name, <c>&lt;0x00&gt;</c> to <c>&lt;0xFF&gt;</c>; -1 where there is none.</summary>
    /// <param name="vocabulary">The pieces by id.</param>
    public static int[] BytePieces(IReadOnlyList<Piece> vocabulary)
    {
        var ids = new Dictionary<string, int>();
        for (var id = 0; id < vocabulary.Count; id++)
            ids.TryAdd(vocabulary[id].Text, id);
        return [.. Enumerable.Range(0, 256).Select(value => ids.GetValueOrDefault($"<0x{value:X2}>", -1))];
    }

    /// <summary>The ids of the pieces; neighbouring characters that no piece covers are one, or all their bytes.</summary>
    /// <param name="text">Normalised text.</param>
    public List<int> Ids(string text)
    {
        var best = new (int From, int Id, double Score)[text.Length + 1];
        Array.Fill(best, (-1, -1, 0), 1, text.Length);
        var pieces = _ids.GetAlternateLookup<ReadOnlySpan<char>>();
        for (var from = 0; from < text.Length;)
        {
            Rune.DecodeFromUtf16(text.AsSpan(from), out _, out var one);
            var covered = false;
            for (var length = 1; length <= Math.Min(_longest, text.Length - from); length++)
            {
                if (!pieces.TryGetValue(text.AsSpan(from, length), out var id))
                    continue;
                covered |= length == one;
                Offer(ref best[from + length], from, id, Score(id) + best[from].Score);
            }

            if (!covered)
                Offer(ref best[from + one], from, _unknown, _unknownScore + best[from].Score);
            from += one;
        }

        var ids = new List<int>();
        for (var (end, from) = (text.Length, 0); end > 0; end = from)
        {
            from = best[end].From;
            while (best[end].Id == _unknown && from > 0 && best[from].Id == _unknown)
                from = best[from].From;
            if (best[end].Id == _unknown && Spelled(text[from..end]) is { } bytes)
                ids.AddRange(Enumerable.Reverse(bytes));
            else
                ids.Add(best[end].Id);
        }

        ids.Reverse();
        return ids;
    }

    private void Offer(ref (int From, int Id, double Score) best, int from, int id, double score)
    {
        if (best.From < 0 || score > best.Score)
            best = (from, id, Rounded(score));
    }

    private double Rounded(double score) => _inSingle ? (float)score : score;

    private int[]? Spelled(string unknown)
    {
        if (_bytes is null)
            return null;
        var ids = Array.ConvertAll(Encoding.UTF8.GetBytes(unknown), value => _bytes[value]);
        return ids.Contains(-1) ? null : ids;
    }

    private double Score(int id) => _vocabulary[id] is { Kind: PieceKind.UserDefined, Text: var text }
        ? Encoding.UTF8.GetByteCount(text) * _most - UserDefinedDiscount
        : _vocabulary[id].Score;
}
