using System.Globalization;
using System.Text;

namespace Drift.Models;

/// <summary>A text on its way to a unigram model's pieces, by the normaliser and the pre-tokeniser of a <c>tokenizer.json</c>.</summary>
internal sealed class UnigramWords
{
    /// <summary>Clusters of as many bytes and more go through the character map code point by code point.</summary>
    private const int LongCluster = 6;

    private readonly List<Func<string, string>> _normalisers = [];
    private readonly List<Func<Word, IEnumerable<Word>>> _cuts = [];

    /// <summary>Reads both settings.</summary>
    /// <param name="config">A tokenizer.json.</param>
    /// <exception cref="ModelFormatException">They make no sense or ask for something that is not supported.</exception>
    public UnigramWords(ModelConfig config)
    {
        foreach (var step in Steps(config, "normalizer", "normalizers"))
            _normalisers.Add(Normaliser(step));
        foreach (var step in Steps(config, "pre_tokenizer", "pretokenizers"))
            _cuts.Add(Cut(step));
    }

    /// <summary>A text behind the normaliser.</summary>
    /// <param name="text">Any text; half a surrogate pair becomes U+FFFD.</param>
    public string Normalised(string text) => _normalisers.Aggregate(text, (taken, step) => step(taken));

    /// <summary>The words of a text, none empty.</summary>
    /// <param name="normalised">Behind the normaliser; not empty.</param>
    /// <param name="isFirst">Whether nothing stands before it.</param>
    public IEnumerable<string> Of(string normalised, bool isFirst) =>
        _cuts.Aggregate(Enumerable.Repeat(new Word(normalised, isFirst), 1), (words, cut) => words.SelectMany(cut)).Select(word => word.Text);

    private static IEnumerable<ModelConfig> Steps(ModelConfig config, string name, string inner) => !config.Has(name) ? []
        : config.Section(name) is var step && step.RequiredText("type") == "Sequence" ? step.Sections(inner) : [step];

    private static Func<string, string> Normaliser(ModelConfig step)
    {
        switch (step.RequiredText("type"))
        {
            case "Precompiled":
                var map = Map(step);
                return text => Mapped(text, map);
            case "Strip":
                var (left, right) = (step.Flag("strip_left", true), step.Flag("strip_right", true));
                return text => left && right ? text.Trim() : left ? text.TrimStart() : right ? text.TrimEnd() : text;
            case "Replace":
                var (pattern, content) = (step.Section("pattern"), step.RequiredText("content"));
                if (!pattern.Has("Regex") && pattern.RequiredText("String") is { Length: > 0 } plain)
                    return text => text.Replace(plain, content, StringComparison.Ordinal);
                if (pattern.Text("Regex", "") == " {2,}")
                    return text => Runs(text, content);
                throw step.NotSupported("pattern", "another expression", "a String, or the Regex ' {2,}'");
            case var type:
                throw step.NotSupported("type", $"'{type}'", "Precompiled, Strip, Replace and a Sequence of them");
        }
    }

    private static CharacterMap Map(ModelConfig step)
    {
        const string setting = "precompiled_charsmap";
        try
        {
            return new CharacterMap(step.Has(setting) ? Convert.FromBase64String(step.RequiredText(setting)) : []);
        }
        catch (Exception e) when (e is FormatException or InvalidDataException)
        {
            throw step.Refuse(setting, "damaged", "a SentencePiece model's map in base 64");
        }
    }

    /// <summary>A cluster as the form of the shortest text of the map that it begins with, all of it; one that is long, or begins with none, code point by code point.</summary>
    private static string Mapped(string text, CharacterMap map)
    {
        var mapped = new StringBuilder(text.Length);
        for (var clusters = StringInfo.GetTextElementEnumerator(text); clusters.MoveNext();)
        {
            var cluster = clusters.GetTextElement();
            if (Encoding.UTF8.GetByteCount(cluster) < LongCluster && Form(cluster) is { } whole)
            {
                mapped.Append(whole);
                continue;
            }

            foreach (var rune in cluster.EnumerateRunes())
                mapped.Append(Form(rune.ToString()) ?? rune.ToString());
        }

        return mapped.ToString();

        string? Form(string part) => map.Match(Encoding.UTF8.GetBytes(part), out var form, shortest: true) > 0 ? Encoding.UTF8.GetString(form) : null;
    }

    /// <summary>Each run of two spaces and more as one text.</summary>
    private static string Runs(string text, string content)
    {
        var replaced = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length;)
        {
            var end = i;
            while (end < text.Length && text[end] == ' ')
                end++;
            if (end >= i + 2)
                replaced.Append(content);
            else
                replaced.Append(text[i]);
            i = Math.Max(end, i + 1);
        }

        return replaced.ToString();
    }

    private static Func<Word, IEnumerable<Word>> Cut(ModelConfig step)
    {
        switch (step.RequiredText("type"))
        {
            case "WhitespaceSplit":
                return word => word.Text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
                    .Select((part, i) => new Word(part, word.IsFirst && i == 0 && !char.IsWhiteSpace(word.Text[0])));
            case "Metaspace":
                if (step.Text("replacement", "\u2581") is not [var mark])
                    throw step.Refuse("replacement", $"'{step.Text("replacement", "")}'", "one character");
                var scheme = step.Has("prepend_scheme") ? step.Choice("prepend_scheme", "always", "first", "never") : step.Flag("add_prefix_space", true) ? "always" : "never";
                var cuts = step.Flag("split", true);
                return word => Marked(word.Text, mark, scheme == "always" || (scheme == "first" && word.IsFirst), cuts).Select((part, i) => new Word(part, word.IsFirst && i == 0));
            case var type:
                throw step.NotSupported("type", $"'{type}'", "WhitespaceSplit, Metaspace and a Sequence of them");
        }
    }

    /// <summary>Spaces as marks, one before the text, and a cut before each.</summary>
    private static IEnumerable<string> Marked(string text, char mark, bool begins, bool cuts)
    {
        text = text.Replace(' ', mark);
        if (begins && text[0] != mark)
            text = mark + text;
        var start = 0;
        for (var i = 1; cuts && i < text.Length; i++)
        {
            if (text[i] != mark)
                continue;
            yield return text[start..i];
            start = i;
        }

        yield return text[start..];
    }

    /// <param name="Text">Not empty.</param>
    /// <param name="IsFirst">Whether the whole text begins with it.</param>
    private readonly record struct Word(string Text, bool IsFirst);
}
