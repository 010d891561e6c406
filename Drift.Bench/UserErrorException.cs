namespace Drift.Bench;

/// <summary>Something that the user can mend. Shown as one line, without a stack trace.</summary>
/// <param name="message">Names the file or option and says what was expected.</param>
/// <param name="inner">What lay beneath, if anything.</param>
internal sealed class UserErrorException(string message, Exception? inner = null) : Exception(message, inner);
