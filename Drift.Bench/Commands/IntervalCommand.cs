using System.CommandLine;
using System.Globalization;

namespace Drift.Bench;

/// <summary>All settings of <c>drift interval</c>.</summary>
/// <param name="Comparison">What to draw, and how its one row executes.</param>
/// <param name="Intervals">Intervals to measure, ascending.</param>
internal sealed record IntervalOptions(CompareOptions Comparison, IReadOnlyList<int> Intervals)
{
    /// <summary>The row.</summary>
    public string Row => Comparison.Rows[0];

    /// <summary>The settings as files record them.</summary>
    public IReadOnlyDictionary<string, object?> ToSettings() => new Dictionary<string, object?>(Comparison.ToSettings().Where(setting => setting.Key != "interval")) { ["intervals"] = Intervals };
}

/// <summary><c>drift interval</c>: the best checkpoint interval by theory, beside the measured one.</summary>
internal static class IntervalCommand
{
    /// <summary>The command.</summary>
    /// <param name="body">Runs the measurement; returns the exit code.</param>
    public static Command Create(Func<IntervalOptions, Session, int> body)
    {
        var command = new Command("interval", "Advise a checkpoint interval from drift and fault rate (Young, Daly), and measure it beside the advice; --rows names one row, here rollback");
        var arguments = new CompareArguments("--interval", "--checkpoint-bytes-per-step", "--profile", "--json", "--against", "--clip");
        arguments.AddTo(command);
        var intervals = Declare.Text("--intervals", "Intervals to measure, separated by commas", "LIST", "1,2,3,5,7,10,15,25");
        command.Options.Add(intervals);
        command.SetBody((parsed, session) => body(
            new IntervalOptions(TraceCommand.OneRow(arguments.Bind(parsed), TraceCommand.Given(parsed, "--rows"), "rollback"), Intervals(intervals.Name, parsed.GetRequiredValue(intervals))), session));
        return command;
    }

    private static int[] Intervals(string option, string list) => [.. list.Split(',', StringSplitOptions.TrimEntries).Select(text =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var steps) && steps is >= 1 and <= 1000
            ? steps
            : throw new UserErrorException($"{option}: expected whole numbers from 1 to 1000, got '{text}'")).Distinct().Order()];
}
