using System.CommandLine;

namespace Drift.Bench;

/// <summary><c>drift compare</c>: the same pictures under every row, one table, one folder.</summary>
internal static class CompareCommand
{
    /// <summary>The command.</summary>
    /// <param name="body">Runs a comparison; returns the exit code.</param>
    public static Command Create(Func<CompareOptions, Session, int> body)
    {
        var command = new Command("compare", "Draw the same pictures safe, undervolted and protected; print a table and write a folder");
        var arguments = new CompareArguments();
        arguments.AddTo(command);
        command.SetBody((parsed, session) => body(arguments.Bind(parsed), session));
        return command;
    }
}
