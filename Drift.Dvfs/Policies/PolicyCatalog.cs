namespace Drift.Dvfs;

/// <summary>What a policy of the catalogue is made with; each takes what it needs.</summary>
/// <param name="Rules">The schedule; a policy of one point takes that of the last rule.</param>
/// <param name="Loop">What a closed loop aims at.</param>
/// <param name="Assumed">What a closed loop believes about the chip.</param>
public sealed record PolicySettings(IReadOnlyList<PointRule> Rules, LoopSettings Loop, IErrorRates Assumed)
{
    /// <summary>Steps of the run, at least 0.</summary>
    public int Steps { get; init; } = int.MaxValue;

    /// <summary>First steps that the paper's schedule keeps safe, at least 0.</summary>
    public int SafeSteps { get; init; } = DriftPolicy.PaperSafeSteps;

    /// <summary>Last steps that the paper's schedule keeps safe, at least 0.</summary>
    public int SafeLastSteps { get; init; }

    /// <summary>A factor on the assumed rates, above 0.</summary>
    public double Level { get; init; } = 1;

    /// <summary>By how much a droop's guard raises the supply, above 0.</summary>
    public Volts Guard { get; init; } = new(0.02);

    /// <summary>For how many products it does, at least 1.</summary>
    public int Hold { get; init; } = 8;

    /// <summary>The point of the last rule.</summary>
    internal OperatingPoint Point => Rules.Count > 0 ? Rules[^1].Point : OperatingPoint.Nominal;
}

/// <summary>The policies by name. The one place where they are registered.</summary>
public static class PolicyCatalog
{
    /// <summary>A schedule by step, block and role.</summary>
    public const string Table = "table";

    private static readonly IReadOnlyDictionary<string, Func<PolicySettings, IOperatingPolicy>> Entries = new Dictionary<string, Func<PolicySettings, IOperatingPolicy>>
    {
        ["uniform"] = settings => new UniformPolicy(settings.Point),
        ["paper"] = settings => new DriftPolicy(settings.Point, settings.SafeSteps, settings.SafeLastSteps, settings.Steps),
        [Table] = settings => new TablePolicy(settings.Rules),
        ["adaptive"] = settings => new AdaptivePolicy(settings.Assumed, settings.Loop, settings.Level),
        ["droop-aware"] = settings => new DroopAwarePolicy(new TablePolicy(settings.Rules), settings.Guard, settings.Hold),
    };

    /// <summary>All names.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Entries.Keys];

    /// <summary>Opens a policy for one picture.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="settings">What it is made with.</param>
    /// <exception cref="ArgumentException">There is none of this name.</exception>
    public static IOperatingPolicy Open(string name, PolicySettings settings) => Entries.TryGetValue(name, out var open)
        ? open(settings)
        : throw new ArgumentException($"no policy is called '{name}'; there are {string.Join(", ", Names)}", nameof(name));
}
