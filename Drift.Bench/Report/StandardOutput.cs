using System.Text;

namespace Drift.Bench;

/// <summary>Standard output whose failures say that it is standard output that failed: a full disk behind a redirection, a closed descriptor.</summary>
/// <param name="inner">Where the text goes.</param>
internal sealed class StandardOutput(TextWriter inner) : TextWriter
{
    /// <inheritdoc/>
    public override Encoding Encoding => inner.Encoding;

    /// <inheritdoc/>
    public override void Write(char value) => Told(() => inner.Write(value));

    /// <inheritdoc/>
    public override void Write(string? value) => Told(() => inner.Write(value));

    /// <inheritdoc/>
    public override void Write(char[] buffer, int index, int count) => Told(() => inner.Write(buffer, index, count));

    /// <inheritdoc/>
    public override void Flush() => Told(inner.Flush);

    private static void Told(Action write)
    {
        try
        {
            write();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException($"standard output: cannot be written: {exception.Message}", exception);
        }
    }
}
