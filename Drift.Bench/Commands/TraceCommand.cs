using System.CommandLine;
using System.CommandLine.Parsing;
using Drift.Dvfs;

namespace Drift.Bench;

/// <summary>All settings of <c>drift trace</c>.</summary>
/// <param name="Comparison">What to draw, and how its one row executes.</param>
/// <param name="Geometry">The memory.</param>
/// <param name="Buffer">Bytes of outputs that may wait on the chip.</param>
internal sealed record TraceOptions(CompareOptions Comparison, DramGeometry Geometry, Bytes Buffer)
{
    /// <summary>The row.</summary>
    public string Row => Comparison.Rows[0];

    /// <summary>The settings as files record them.</summary>
    public IReadOnlyDictionary<string, object?> ToSettings() => new Dictionary<string, object?>(Comparison.ToSettings()) { ["memory"] = Geometry.Name, ["buffer"] = Buffer.Value };
}

/// <summary><c>drift trace</c>: one picture's run, every charge of it, as a table, a timeline and a picture.</summary>
internal static class TraceCommand
{
    /// <summary>The row that is traced where nobody says otherwise.</summary>
    public const string Standard = "drift";

    /// <summary>Memories by name, as their files in data/dram.</summary>
    public static IReadOnlyList<string> Memories { get; } = ["hbm2", "ddr5"];

    /// <summary>The command.</summary>
    /// <param name="body">Traces a run; returns the exit code.</param>
    public static Command Create(Func<TraceOptions, Session, int> body)
    {
        var command = new Command("trace", $"Trace one picture's run under one row of compare (--rows, here {Standard}): CSV, Parquet, a Chrome trace for Perfetto, and pictures");
        var arguments = new CompareArguments("--images", "--profile", "--json", "--against", "--clip");
        arguments.AddTo(command);
        var memory = Declare.Choice("--memory", "The memory of the timeline", Memories[0], Memories);
        var buffer = Declare.Number("--buffer", "Bytes of outputs that may wait on the chip for the memory", 1L << 20, 0, long.MaxValue);
        command.Options.Add(memory);
        command.Options.Add(buffer);
        command.SetBody((parsed, session) =>
        {
            var options = OneRow(arguments.Bind(parsed), Given(parsed, "--rows"), Standard);
            return body(new TraceOptions(options with { Sampling = options.Sampling with { Images = 1 } }, DramGeometry.Load(DataFolder.At("dram", $"{parsed.GetRequiredValue(memory)}.csv")),
                new Bytes(parsed.GetValue(buffer))), session);
        });
        return command;
    }

    /// <summary>Options that name one guarded row: the one of <c>--rows</c>, that of a policy, or the standard one.</summary>
    /// <exception cref="UserErrorException">Several rows, or one that is not quantised.</exception>
    public static CompareOptions OneRow(CompareOptions options, bool given, string standard)
    {
        if (!given)
            return options with { Rows = [options.Policy is null ? standard : CompareOptions.PolicyRow] };
        return options.Rows is [var row] && !Lab.IsUnquantised(row) ? options
            : throw new UserErrorException($"--rows: expected one row that runs in INT8, got {string.Join(",", options.Rows)}");
    }

    /// <summary>Whether an option was typed.</summary>
    public static bool Given(ParseResult parsed, string option) => parsed.CommandResult.Children.OfType<OptionResult>().Any(result => result.Option.Name == option && !result.Implicit);
}
