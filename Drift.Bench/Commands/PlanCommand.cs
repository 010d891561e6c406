using System.CommandLine;
using Drift.Models;

namespace Drift.Bench;

/// <summary><c>drift plan</c>: the code and schedule that cost least under a budget of quality, verified on fresh pictures.</summary>
internal static class PlanCommand
{
    private const string Standard = "decode,decode-16,decode-weighted,rollback";

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command("plan", "Search the protection and schedule that cost least under a budget of quality; verify them on fresh pictures; write a policy");
        var sampling = new SamplingArguments("--profile");
        sampling.AddTo(command);
        var budget = Declare.Text("--budget", $"How good pictures must stay: {QualityBudget.Form}", "BUDGET", "psnr>=paper");
        var objective = Declare.Choice("--objective", "What is made small; energy is at the paper's ratio of compute to memory", "energy", [.. RelativeCost.Objectives.Keys]);
        var codes = Declare.Text("--codes", "Protections to choose from, separated by commas", "LIST", Standard);
        var lowest = Declare.Number("--lowest", "Lowest voltage to try", 0.6, 0.01, 10);
        var highest = Declare.Number("--highest", "Highest voltage to try", 0.75, 0.01, 10);
        var step = Declare.Number("--voltage-step", "Volts between two that are tried", 0.01, 0.001, 1);
        var fresh = Declare.Number("--fresh", "Fresh pictures on which the plan is verified", 64, 2, 4096);
        var batch = Declare.Number("--batch", "Pictures that share a reading of the weights", 16, 1, 4096);
        var energy = EnergyFile.Option(EnergyFile.WithRegulator);
        var points = Declare.Text("--operating-points", "A table in place of the paper's", "FILE.csv");
        var wide = new Option<bool>("--wide") { Description = "Outputs leave the accumulator wide; in the paper's schedule they saturate all the same" };
        var schedules = Declare.Number("--schedules", "How many codes get a schedule of their own, the cheapest at a uniform voltage first", 1, 1, 100);
        var faults = new FaultArguments();
        faults.AddTo(command, fixedRates: false);
        foreach (var option in new Option[] { budget, objective, codes, lowest, highest, step, fresh, batch, energy, points, wide, schedules })
            command.Options.Add(option);
        command.SetBody((parsed, session) =>
        {
            if (parsed.GetValue(points) is { } file && !File.Exists(file))
                throw new UserErrorException($"--operating-points: there is no file {file}");
            var options = new PlanOptions(sampling.Bind(parsed), QualityBudget.Parse(parsed.GetRequiredValue(budget)), RelativeCost.Objectives[parsed.GetRequiredValue(objective)], Codes(parsed.GetRequiredValue(codes)))
            {
                Lowest = parsed.GetValue(lowest),
                Highest = parsed.GetValue(highest),
                Step = parsed.GetValue(step),
                Fresh = parsed.GetValue(fresh),
                Batch = parsed.GetValue(batch),
                Energy = parsed.GetRequiredValue(energy),
                OperatingPoints = parsed.GetValue(points),
                Faults = faults.Bind(parsed),
                Wide = parsed.GetValue(wide),
                Schedules = parsed.GetValue(schedules),
            };
            return options.Lowest <= options.Highest ? PlanRun.Run(options, session)
                : throw new UserErrorException($"--lowest: {options.Lowest} V lies above --highest {options.Highest} V; expected at most that");
        });
        return command;
    }

    private static string[] Codes(string list)
    {
        var codes = list.Split(',', StringSplitOptions.TrimEntries);
        return codes.FirstOrDefault(code => !ProtectionCatalog.Names.Contains(code) || code == "range-clamp") is { } unknown
            ? throw new UserErrorException($"--codes: '{unknown}' cannot be planned with; expected some of {string.Join(", ", ProtectionCatalog.Names.Where(name => name != "range-clamp"))}")
            : codes;
    }
}
