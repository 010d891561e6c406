using System.CommandLine;
using System.Globalization;

namespace Drift.Bench;

/// <summary>All settings of <c>drift decode</c>.</summary>
/// <param name="Sampling">What to draw and what computes it.</param>
/// <param name="Voltages">Voltages whose rates are tried, in the order given.</param>
/// <param name="Codes">Codes to try.</param>
/// <param name="Draws">Plans of each voltage that every product is put under, at least 1.</param>
internal sealed record DecodeOptions(SamplingOptions Sampling, IReadOnlyList<double> Voltages, IReadOnlyList<Code> Codes, int Draws);

/// <summary><c>drift decode</c>: how many flips the decoder takes back, on the tiles of real runs, for each code and voltage.</summary>
internal static class DecodeCommand
{
    /// <summary>The command.</summary>
    /// <param name="body">Runs a campaign; returns the exit code.</param>
    public static Command Create(Func<DecodeOptions, Session, int> body)
    {
        var command = new Command("decode", "Count against ground truth what the decoder makes of flips in the tiles of real runs");
        var sampling = new SamplingArguments(CacheArguments.Name, "--layers", "--profile");
        sampling.AddTo(command);
        var voltages = Declare.Text("--voltages", "Voltages at 2 GHz whose error rates are tried, separated by commas", "LIST", "0.70,0.675,0.65,0.62");
        var codes = Declare.Text("--codes", $"Codes to try, separated by commas, or all: {string.Join(", ", Code.All.Select(code => code.Name))}", "LIST", "all");
        command.Options.Add(voltages);
        var draws = Declare.Number("--draws", "Fault plans of each voltage that every product is put under", 1, 1, 10_000);
        command.Options.Add(codes);
        command.Options.Add(draws);
        command.SetBody((parsed, session) => body(
            new DecodeOptions(sampling.Bind(parsed), Voltages(parsed.GetRequiredValue(voltages)), Code.Parse(codes.Name, parsed.GetRequiredValue(codes)), parsed.GetValue(draws)), session));
        return command;
    }

    private static double[] Voltages(string list) =>
        [.. list.Split(',', StringSplitOptions.TrimEntries).Select(text => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var volts)
            ? volts : throw new UserErrorException($"--voltages: '{text}' is no number; expected volts, separated by commas"))];
}
