using System.CommandLine;

namespace Drift.Bench;

/// <summary>Settings of <c>generate</c>.</summary>
/// <param name="Sampling">What to draw and what computes it.</param>
/// <param name="Quantised">INT8 at the nominal point rather than fp32.</param>
internal sealed record GenerateOptions(SamplingOptions Sampling, bool Quantised)
{
    /// <summary>The settings as files record them.</summary>
    public IReadOnlyDictionary<string, object?> ToSettings() => new Dictionary<string, object?>(Sampling.ToSettings()) { ["precision"] = Quantised ? "int8" : "fp32" };
}

/// <summary><c>drift generate</c>: pictures only.</summary>
internal static class GenerateCommand
{
    /// <summary>The command.</summary>
    /// <param name="body">Draws the pictures; returns the exit code.</param>
    public static Command Create(Func<GenerateOptions, Session, int> body)
    {
        var command = new Command("generate", "Draw pictures, fault-free, and write them to a folder");
        var arguments = new SamplingArguments();
        arguments.AddTo(command);
        var precision = Declare.Choice("--precision", "Arithmetic of the denoiser", "fp32", ["fp32", "int8"]);
        command.Options.Add(precision);
        command.SetBody((parsed, session) => body(new GenerateOptions(arguments.Bind(parsed), parsed.GetValue(precision) == "int8"), session));
        return command;
    }
}
