namespace Drift.Models;

/// <summary>Text to token ids, as a text encoder was trained to read them. Immutable; one instance serves all threads.</summary>
public interface ITextTokenizer
{
    /// <summary>The id that fills a text up.</summary>
    int PadToken { get; }

    /// <summary>All ids of a text, with the start token, if the model has one, and the end token, which is the last.</summary>
    /// <param name="text">Any text, also an empty one.</param>
    int[] Encode(string text);
}
