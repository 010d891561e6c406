using System.CommandLine;

namespace Drift.Bench;

/// <summary>Which energies a run is charged at: a set that ships with Drift, by its name, or a file of the user's own.</summary>
internal static class EnergyFile
{
    /// <summary>The paper's constants alone: what the headline figures rest on.</summary>
    public const string Standard = "paper";

    /// <summary>The same, and what a change of the supply takes: what schedules are compared at.</summary>
    public const string WithRegulator = "paper-regulator";

    /// <summary>All sets that ship.</summary>
    public static IReadOnlyList<string> Names { get; } = [Standard, WithRegulator, "full"];

    /// <summary>The option.</summary>
    /// <param name="standard">Name of the set where it is not given.</param>
    public static Option<string> Option(string standard = Standard)
    {
        var option = Declare.Text("--energy", $"Energies that work is charged at: {string.Join(", ", Names)}, or a file as data/energy/README.md describes it", "NAME|FILE.csv", standard);
        option.Validators.Add(result =>
        {
            if (result.Errors.Any() || result.GetValueOrDefault<string>() is not { } given || Names.Contains(given) || File.Exists(given))
                return;
            result.AddError($"--energy: there is no set and no file '{given}'; expected one of {string.Join(", ", Names)}, or a file");
        });
        return option;
    }

    /// <summary>The file that was named.</summary>
    /// <param name="given">What the option says.</param>
    public static string Find(string given) => Names.Contains(given) ? DataFolder.At("energy", $"{given}.csv") : given;
}
