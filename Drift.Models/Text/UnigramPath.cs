using System.Text;

namespace Drift.Models;

/// <summary>
/// The most probable way of cutting a text into a SentencePiece model's pieces (Kudo, arXiv 1804.10959), by Viterbi's rule. Sums are fp32 from the front, as in SentencePiece:
/// where two ways are equally probable, the rounding decides.
/// </summary>
internal sealed class UnigramPath
{
    private const float UnknownPenalty = 10;
    private const double UserDefinedDiscount = 0.1;

    private readonly SentencePieceModel _model;
    private readonly Dictionary<string, int> _ids = [];
    private readonly int _longest;
    private readonly float _unknownScore, _most;

    /// <summary>Prepares the look-up.</summary>
    /// <param name="model">The model.</param>
    public UnigramPath(SentencePieceModel model)
    {
        _model = model;
        for (var id = 0; id < model.Vocabulary.Count; id++)
        {
            if (model.Vocabulary[id] is { Kind: PieceKind.Normal or PieceKind.UserDefined, Text: { Length: > 0 } text })
                _ids.TryAdd(text, id);
        }

        var scores = model.Vocabulary.Where(piece => piece.Kind == PieceKind.Normal).Select(piece => piece.Score).DefaultIfEmpty().ToList();
        // SentencePiece looks for the highest score from the least float above 0 on, so that no logarithm of a probability is it, and a piece that a user defined beats them all.
        (_unknownScore, _most) = (scores.Min() - UnknownPenalty, Math.Max(scores.Max(), 0));
        _longest = _ids.Keys.Select(text => text.Length).DefaultIfEmpty().Max();
    }

    /// <summary>The ids of the pieces; neighbouring characters that no piece covers are one.</summary>
    /// <param name="text">Normalised text.</param>
    public List<int> Ids(string text)
    {
        var best = new (int From, int Id, float Score)[text.Length + 1];
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
                Offer(ref best[from + one], from, _model.Unknown, _unknownScore + best[from].Score);
            from += one;
        }

        var ids = new List<int>();
        for (var end = text.Length; end > 0; end = best[end].From)
        {
            if (best[end].Id != _model.Unknown || ids.LastOrDefault(-1) != _model.Unknown)
                ids.Add(best[end].Id);
        }

        ids.Reverse();
        return ids;
    }

    private static void Offer(ref (int From, int Id, float Score) best, int from, int id, double score)
    {
        if (best.From < 0 || score > best.Score)
            best = (from, id, (float)score);
    }

    private double Score(int id) => _model.Vocabulary[id] is { Kind: PieceKind.UserDefined, Text: var text }
        ? Encoding.UTF8.GetByteCount(text) * _most - UserDefinedDiscount
        : _model.Vocabulary[id].Score;
}
