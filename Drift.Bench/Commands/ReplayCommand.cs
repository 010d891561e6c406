using System.CommandLine;

namespace Drift.Bench;

/// <summary>All settings of <c>drift replay</c>.</summary>
/// <param name="Campaign">The campaign's folder.</param>
/// <param name="Cell">Name of the cell, as in cells.csv.</param>
/// <param name="Trial">The trial, 0 first; null for the one of the worst first metric.</param>
/// <param name="Backend">Name of the GEMM backend.</param>
/// <param name="Out">Folder to write, or null for one named after the trial.</param>
internal sealed record ReplayOptions(string Campaign, string Cell, int? Trial, string Backend, string? Out);

/// <summary><c>drift replay DIR --cell ID</c>: one trial of a campaign again, whole, with its trace.</summary>
internal static class ReplayCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command("replay", "Draw one trial of a campaign again, to the bit, with every flip that it met");
        var campaign = Declare.Path("DIR", "The campaign's folder");
        var cell = Declare.Required("--cell", "Name of the cell, as in cells.csv", "ID");
        var trial = Declare.Optional("--trial", "The trial, 0 first [default: the worst one]", 0, int.MaxValue);
        var backend = Declare.Backend("What computes the INT8 products");
        var target = Declare.Text("--out", "Folder to write; new or empty [default: results/replay-CELL-TRIAL]", "PATH");
        command.Arguments.Add(campaign);
        foreach (var option in new Option[] { cell, trial, backend, target })
            command.Options.Add(option);
        command.SetBody((parsed, session) => Replay.Run(new ReplayOptions(parsed.GetRequiredValue(campaign), parsed.GetRequiredValue(cell), parsed.GetValue(trial),
            parsed.GetRequiredValue(backend), parsed.GetValue(target)), session));
        return command;
    }
}
