using System.CommandLine;

namespace Drift.Bench;

/// <summary><c>drift verify PATH</c>: runs ours on reference cases and compares.</summary>
internal static class VerifyCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command("verify", "Run Drift on reference cases anywhere on disk and compare: a line an output, exit 1 when one fails");
        var path = new Argument<string>("PATH") { Description = "A case, a kind, or a whole tree in the forms of data/fixtures" };
        command.Arguments.Add(path);
        command.SetBody((parsed, session) =>
        {
            var cases = CaseWalk.Find(parsed.GetRequiredValue(path));
            return new VerificationRun(session).Run(cases) ? ErrorPolicy.Success : ErrorPolicy.Failure;
        });
        return command;
    }
}
