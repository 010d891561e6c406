using System.Text.RegularExpressions;
using Drift.Dvfs;
using Drift.Kernels;
using Drift.Models;

namespace Drift.Bench;

/// <summary>
/// The one place that turns failures into a line and an exit code. What a user can mend is one line and 2; a cancelled run is one line and 130; anything else is a
/// bug and keeps its stack trace.
/// </summary>
internal static class ErrorPolicy
{
    /// <summary>All went well.</summary>
    public const int Success = 0;

    /// <summary>The command ran and its answer is no: a case failed.</summary>
    public const int Failure = 1;

    /// <summary>Bad input.</summary>
    public const int BadInput = 2;

    /// <summary>Interrupted, as shells count it (128 + SIGINT).</summary>
    public const int Cancelled = 130;

    private static readonly Regex Decoration = new(@" \(Parameter '\w+'\)");

    /// <summary>Runs a command under the policy.</summary>
    /// <param name="error">Takes the line.</param>
    /// <param name="command">The command; returns its exit code.</param>
    public static async Task<int> Guard(TextWriter error, Func<Task<int>> command)
    {
        try
        {
            return await command();
        }
        catch (OperationCanceledException)
        {
            return Tell(error, "cancelled; nothing was written", Cancelled);
        }
        catch (Exception exception) when (IsUsers(exception))
        {
            return Tell(error, Plain(exception.Message), BadInput);
        }
    }

    /// <summary>Writes the line and hands back the exit code.</summary>
    public static int Tell(TextWriter error, string message, int exitCode)
    {
        error.WriteLine($"drift: {OneLine(message)}");
        return exitCode;
    }

    /// <summary>
    /// True for what the user's files, options or machine brought about. An <see cref="ArgumentException"/> is a caller's mistake, so a bug: options are checked where
    /// they are read.
    /// </summary>
    public static bool IsUsers(Exception exception) => exception is UserErrorException or ModelFormatException or OperatingPointException
        or BackendUnavailableException or InvalidDataException or IOException or UnauthorizedAccessException || IsTooLong(exception);

    /// <summary>A file past the limit of its file system or of <c>ulimit -f</c> is an argument's fault to .NET.</summary>
    private static bool IsTooLong(Exception exception) => exception is ArgumentOutOfRangeException && exception.TargetSite?.DeclaringType == typeof(RandomAccess);

    /// <summary>A message without .NET's own decoration about parameters, which means nothing to a user, in one line.</summary>
    public static string Plain(string message) => OneLine(Decoration.Replace(message, ""));

    private static string OneLine(string message) =>
        string.Join(' ', message.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
}
