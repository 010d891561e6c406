using System.CommandLine;

namespace Drift.Bench;

/// <summary>All settings of <c>drift bench offload</c>.</summary>
/// <param name="Sampling">What to draw; as many pairs of runs as pictures.</param>
/// <param name="Interval">Steps between checkpoints.</param>
/// <param name="Offload">Where checkpoints live.</param>
/// <param name="Flat">Pictures that are drawn in a row to watch the process's memory; 0 for none.</param>
internal sealed record OffloadBenchOptions(SamplingOptions Sampling, int Interval, OffloadOptions Offload, int Flat);

/// <summary><c>drift bench offload</c>: what checkpoints cost in time and memory on this machine.</summary>
internal static class BenchOffloadCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command("offload", "Time runs with and without checkpoints in turn on one thread, and hold their peak bytes against the forecast; --images is the number of pairs");
        SamplingArguments sampling = new("--out", "--layers", "--profile");
        OffloadArguments offload = new();
        sampling.AddTo(command);
        offload.AddTo(command);
        var interval = Declare.Optional("--interval", "Steps between checkpoints [default: the model's]", 1, 1000);
        var flat = Declare.Number("--flat", "Also draw so many pictures in a row and print what memory does", 0, 0, 100_000);
        command.Options.Add(interval);
        command.Options.Add(flat);
        command.SetBody((parsed, session) =>
        {
            var drawn = sampling.Bind(parsed);
            return OffloadBench.Run(new OffloadBenchOptions(drawn, parsed.GetValue(interval) ?? drawn.Model.Kind.Schedule.Interval, offload.Bind(parsed), parsed.GetValue(flat)), session);
        });
        return command;
    }
}
