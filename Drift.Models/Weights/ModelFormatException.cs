namespace Drift.Models;

/// <summary>A model file or folder cannot be used. The message is one line that names the file and says what was expected.</summary>
public class ModelFormatException : Exception
{
    private const int Longest = 2000;

    /// <summary>A refusal.</summary>
    /// <param name="message">The file, what is wrong, what was expected. Names inside may come from a hostile file: control characters become spaces.</param>
    /// <param name="inner">What a parser or the system said, if anything.</param>
    public ModelFormatException(string message, Exception? inner = null)
        : base(OneLine(message), inner)
    {
    }

    private static string OneLine(string message)
    {
        ArgumentNullException.ThrowIfNull(message);
        var line = new string([.. message.Take(Longest).Select(c => char.IsControl(c) || c is '\u2028' or '\u2029' ? ' ' : c)]);
        return message.Length > Longest ? line + "..." : line;
    }
}
