namespace Drift.Models;

/// <summary>The added tokens of a <c>tokenizer.json</c>: found in a text as they stand, the first first and of those that begin together the longest, and never cut into pieces.</summary>
internal sealed class AddedTokens
{
    private readonly List<Token> _asTheyStand, _normalised;
    private readonly Func<string, string> _normalise;

    /// <summary>Reads the tokens.</summary>
    /// <param name="config">A tokenizer.json.</param>
    /// <param name="normalise">The file's normaliser: some tokens are looked for behind it, and every other text goes through it.</param>
    /// <exception cref="ModelFormatException">A token makes no sense or asks for something that is not supported.</exception>
    public AddedTokens(ModelConfig config, Func<string, string> normalise)
    {
        _normalise = normalise;
        var tokens = config.Sections("added_tokens").Select(token =>
        {
            if (token.Flag("single_word", false))
                throw token.NotSupported("single_word", "true", "false");
            var normalised = token.Flag("normalized", false);
            var text = token.RequiredText("content");
            return (Normalised: normalised, Token: new Token(normalised ? normalise(text) : text, Id(token), token.Flag("lstrip", false), token.Flag("rstrip", false)));
        }).Where(token => token.Token.Text.Length > 0).ToLookup(token => token.Normalised, token => token.Token);
        (_asTheyStand, _normalised) = ([.. tokens[false]], [.. tokens[true]]);
    }

    /// <summary>A token's id.</summary>
    /// <param name="token">Its settings.</param>
    /// <exception cref="ModelFormatException">It has none.</exception>
    public static int Id(ModelConfig token) => token.OptionalInteger("id", 0) ?? throw token.Refuse("id", "missing", "a whole number of at least 0");

    /// <summary>The parts of a text in order: tokens by their ids, and what is between them, normalised and never empty.</summary>
    /// <param name="text">Any text.</param>
    public IEnumerable<(string Text, int? Token, bool IsFirst)> Split(string text) => Split(text, _asTheyStand, true)
        .SelectMany(part => part.Token is null ? Split(_normalise(part.Text), _normalised, part.IsFirst) : [part]);

    private static IEnumerable<(string Text, int? Token, bool IsFirst)> Split(string text, List<Token> tokens, bool isFirst)
    {
        var start = 0;
        while (start < text.Length && Next(text, start, tokens) is { } found)
        {
            var (from, to) = (found.Index, found.Index + found.Token.Text.Length);
            while (found.Token.StripsLeft && from > start && char.IsWhiteSpace(text[from - 1]))
                from--;
            while (found.Token.StripsRight && to < text.Length && char.IsWhiteSpace(text[to]))
                to++;
            if (from > start)
                yield return (text[start..from], null, isFirst && start == 0);
            yield return (text[from..to], found.Token.Id, isFirst && from == 0);
            start = to;
        }

        if (start < text.Length)
            yield return (text[start..], null, isFirst && start == 0);
    }

    private static (int Index, Token Token)? Next(string text, int start, List<Token> tokens)
    {
        (int Index, Token Token)? best = null;
        foreach (var token in tokens)
        {
            if (text.IndexOf(token.Text, start, StringComparison.Ordinal) is >= 0 and var index
                && (best is not { } found || index < found.Index || (index == found.Index && token.Text.Length > found.Token.Text.Length)))
                best = (index, token);
        }

        return best;
    }

    private sealed record Token(string Text, int Id, bool StripsLeft, bool StripsRight);
}
