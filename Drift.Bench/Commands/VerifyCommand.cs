using System.CommandLine;
using Drift.Kernels;

namespace Drift.Bench;

/// <summary><c>drift verify PATH</c>: runs ours on reference cases and compares.</summary>
internal static class VerifyCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command("verify", "Run Drift on reference cases anywhere on disk and compare: a line an output, exit 1 when one fails");
        var path = Declare.Path("PATH", "A case, a kind, or a whole tree in the forms of data/fixtures");
        command.Arguments.Add(path);
        var backend = Declare.Backend("What computes INT8 products");
        command.Options.Add(backend);
        command.SetBody((parsed, session) =>
        {
            var cases = CaseWalk.Find(parsed.GetRequiredValue(path));
            using var opened = Backends.Open(parsed.GetRequiredValue(backend));
            var count = new VerificationRun(session.Out, new VerificationSetting(opened, session.Cancellation)).Run(cases);
            return count.Failed == 0 ? ErrorPolicy.Success : ErrorPolicy.Failure;
        });
        return command;
    }
}
